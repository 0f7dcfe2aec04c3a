import { isoOf } from '../rest/instants.ts'
import type { PortalSite } from '../site.ts'
import { DEAL, INVOICE } from '../state/dictionaries.ts'
import type { Portal } from '../state/portal.ts'
import type { ItemRow, StatusRow } from '../state/rows.ts'
import { type Html, html } from './html.ts'
import { framePlace, type Page, placementButton, tabTitle } from './shell.ts'
import { fullName, type Viewer } from './viewer.ts'
import { wordsIn } from './words.ts'

const LIST_LENGTH = 100
const COLUMN_LENGTH = 30

const moneyText = (amount: number, currency: string, language: string): string =>
  new Intl.NumberFormat(language, { style: 'currency', currency, maximumFractionDigits: 0 }).format(amount)

const when = (portal: Portal, at: number | null): string =>
  at === null ? '—' : isoOf(at, portal.offsetMinutes).slice(0, 16).replace('T', ' ')

const personName = (portal: Portal, id: number): string => {
  const user = portal.users.find(id)
  return user ? fullName(user) : '—'
}

const stageOf = (portal: Portal, item: ItemRow): StatusRow | undefined =>
  portal.dictionaries.statuses.find(row => row.statusId === item.stageId)

const stageBadge = (portal: Portal, item: ItemRow): Html => {
  const stage = stageOf(portal, item)
  return html`<span class="stage" style="--stage:${stage?.color ?? '#999'}">${stage?.name ?? item.stageId}</span>`
}

const visibleDeals = (site: PortalSite, viewer: Viewer): ItemRow[] => {
  const seen = site.portal.visibleUsers(viewer.user)
  return site.portal.deals.rows.filter(deal => seen === null || seen.has(deal.assignedById))
}

const pipelineTabs = (site: PortalSite, base: string, current: number): Html =>
  html`<nav class="tabs">${site.portal.dictionaries.categories
    .filter(row => row.entityTypeId === DEAL)
    .map(
      row =>
        html`<a class="${row.id === current ? 'active' : ''}" href="${base}?category=${row.id}">${row.name}</a>`,
    )}</nav>`

export const dealListPage = (site: PortalSite, viewer: Viewer, categoryId: number, needle: string): Page => {
  const { portal } = site
  const word = wordsIn(viewer.language)
  const found = visibleDeals(site, viewer).filter(
    deal =>
      deal.categoryId === categoryId &&
      (needle ? deal.title.toLowerCase().includes(needle.toLowerCase()) : deal.semantic === 'P'),
  )
  return {
    title: word('deals'),
    active: 'deals',
    body: html`<div class="toolbar">${placementButton(site, viewer, 'CRM_DEAL_LIST_TOOLBAR')}
        <a class="button plain" href="/crm/deal/kanban/?category=${categoryId}">${word('kanban')}</a>
        <form method="get"><input type="hidden" name="category" value="${categoryId}" /><input type="search" name="find" value="${needle}" placeholder="${word('search')}" /></form></div>
      ${pipelineTabs(site, '/crm/deal/', categoryId)}
      <table><thead><tr><th>ID</th><th>${word('deals')}</th><th>${word('stage')}</th><th>${word('responsible')}</th><th>${word('amount')}</th><th>${word('created')}</th></tr></thead>
      <tbody>${found
        .slice(-LIST_LENGTH)
        .reverse()
        .map(
          deal => html`<tr><td>${deal.id}</td><td><a data-slider href="/crm/deal/details/${deal.id}/">${deal.title}</a></td><td>${stageBadge(portal, deal)}</td>
          <td>${personName(portal, deal.assignedById)}</td><td class="number">${moneyText(deal.opportunity, deal.currencyId, viewer.language)}</td><td>${when(portal, deal.createdTime)}</td></tr>`,
        )}</tbody></table>
      <p class="quiet">${found.length}</p>`,
  }
}

export const kanbanPage = (site: PortalSite, viewer: Viewer, categoryId: number): Page => {
  const { portal } = site
  const word = wordsIn(viewer.language)
  const open = visibleDeals(site, viewer).filter(
    deal => deal.categoryId === categoryId && deal.semantic === 'P',
  )
  const stages = portal.dictionaries.stages(DEAL, categoryId).filter(stage => stage.semantic === null)
  return {
    title: word('kanban'),
    active: 'kanban',
    body: html`<div class="toolbar">${placementButton(site, viewer, 'CRM_DEAL_LIST_TOOLBAR')}<a class="button plain" href="/crm/deal/?category=${categoryId}">${word('list')}</a></div>
      ${pipelineTabs(site, '/crm/deal/kanban/', categoryId)}
      <div class="kanban">${stages.map(stage => {
        const deals = open.filter(deal => deal.stageId === stage.statusId)
        return html`<section style="--stage:${stage.color}"><h2>${stage.name} <small>${deals.length}</small></h2>${deals
          .slice(0, COLUMN_LENGTH)
          .map(
            deal =>
              html`<a class="card" data-slider href="/crm/deal/details/${deal.id}/"><b>${deal.title}</b><span>${moneyText(deal.opportunity, deal.currencyId, viewer.language)}</span><small>${personName(portal, deal.assignedById)}</small></a>`,
          )}</section>`
      })}</div>`,
  }
}

/** A deal's card, with the application's own tab when it has bound one. */
export const dealCardPage = (site: PortalSite, viewer: Viewer, deal: ItemRow, isAppTab: boolean): Page => {
  const { portal } = site
  const word = wordsIn(viewer.language)
  const tab = tabTitle(site, viewer, 'CRM_DEAL_DETAIL_TAB')
  const category = portal.dictionaries.categories.find(
    row => row.entityTypeId === DEAL && row.id === deal.categoryId,
  )
  const tabs = html`<nav class="tabs"><a class="${isAppTab ? '' : 'active'}" data-keep href="/crm/deal/details/${deal.id}/">${word('general')}</a>${
    tab === null
      ? ''
      : html`<a class="${isAppTab ? 'active' : ''}" data-keep href="/crm/deal/details/${deal.id}/?tab=app">${tab}</a>`
  }</nav>`
  const row = (label: string, value: Html | string): Html => html`<tr><th>${label}</th><td>${value}</td></tr>`
  const history = portal.dealHistory.rows.filter(move => move.ownerId === deal.id)
  const activities = portal.activities.rows.filter(
    activity => activity.ownerTypeId === DEAL && activity.ownerId === deal.id,
  )
  const general = html`<div class="card-columns"><table class="facts">
      ${row(word('stage'), stageBadge(portal, deal))}
      ${row(word('pipeline'), category?.name ?? '')}
      ${row(word('responsible'), personName(portal, deal.assignedById))}
      ${row(word('amount'), moneyText(deal.opportunity, deal.currencyId, viewer.language))}
      ${row(word('created'), when(portal, deal.createdTime))}
      ${row(word('deadline'), when(portal, deal.closedate).slice(0, 10))}
      ${portal.dictionaries.fieldsOf(DEAL).map(field => {
        const value = deal.custom[field.fieldName]
        const option = field.options.find(({ id }) => id === value)
        return row(field.labels[viewer.language], option?.value ?? String(value ?? '—'))
      })}</table>
    <div><h2>${word('history')}</h2><ul>${history.map(
      move =>
        html`<li><time>${when(portal, move.createdTime)}</time> ${portal.dictionaries.statuses.find(({ statusId }) => statusId === move.stageId)?.name ?? move.stageId}</li>`,
    )}</ul><h2>${word('timeline')}</h2><ul>${activities
      .slice(-40)
      .reverse()
      .map(
        activity =>
          html`<li class="${activity.status === 1 ? 'planned' : ''}"><time>${when(portal, activity.startTime ?? activity.created)}</time> ${activity.subject} <small>${personName(portal, activity.responsibleId)}</small></li>`,
      )}</ul></div></div>`
  return {
    title: deal.title,
    active: 'deals',
    body: html`${tabs}${isAppTab && tab !== null ? framePlace('CRM_DEAL_DETAIL_TAB', { ID: String(deal.id) }, false) : general}`,
  }
}

export const invoicePage = (site: PortalSite, viewer: Viewer, invoice: ItemRow): Page => {
  const { portal } = site
  const word = wordsIn(viewer.language)
  return {
    title: invoice.title,
    active: 'deals',
    body: html`<table class="facts"><tr><th>${word('stage')}</th><td>${stageBadge(portal, invoice)}</td></tr>
      <tr><th>${word('amount')}</th><td>${moneyText(invoice.opportunity, invoice.currencyId, viewer.language)}</td></tr>
      <tr><th>${word('deals')}</th><td>${invoice.parentId2 === null ? '—' : html`<a href="/crm/deal/details/${invoice.parentId2}/">${invoice.parentId2}</a>`}</td></tr></table>`,
  }
}

export const tasksPage = (site: PortalSite, viewer: Viewer, userId: number): Page => {
  const { portal } = site
  const word = wordsIn(viewer.language)
  const tasks = portal.tasks.rows.filter(task => task.responsibleId === userId && task.status !== 5)
  return {
    title: `${word('tasks')} — ${personName(portal, userId)}`,
    active: 'tasks',
    body: html`<table><thead><tr><th>ID</th><th>${word('tasks')}</th><th>${word('deadline')}</th></tr></thead><tbody>${tasks
      .slice(-LIST_LENGTH)
      .reverse()
      .map(
        task =>
          html`<tr><td>${task.id}</td><td><a data-slider href="/company/personal/user/${userId}/tasks/task/view/${task.id}/">${task.title}</a></td><td>${when(portal, task.deadline)}</td></tr>`,
      )}</tbody></table>${tasks.length === 0 ? html`<p class="quiet">${word('nothing')}</p>` : ''}`,
  }
}

export const taskPage = (site: PortalSite, viewer: Viewer, taskId: number): Page | null => {
  const { portal } = site
  const task = portal.tasks.find(taskId)
  if (!task) return null
  const word = wordsIn(viewer.language)
  return {
    title: task.title,
    active: 'tasks',
    body: html`<table class="facts"><tr><th>${word('responsible')}</th><td>${personName(portal, task.responsibleId)}</td></tr>
      <tr><th>${word('deadline')}</th><td>${when(portal, task.deadline)}</td></tr>
      <tr><th>${word('deals')}</th><td>${task.crm.map(code =>
        code.startsWith('D_')
          ? html`<a href="/crm/deal/details/${code.slice(2)}/">${portal.deals.find(Number(code.slice(2)))?.title ?? code}</a> `
          : html`${code} `,
      )}</td></tr></table>`,
  }
}

export const personPage = (site: PortalSite, viewer: Viewer, userId: number): Page | null => {
  const { portal } = site
  const user = portal.users.find(userId)
  if (!user) return null
  const word = wordsIn(viewer.language)
  const names = user.departments.map(id => portal.departments.find(id)?.name ?? '').join(', ')
  return {
    title: fullName(user),
    active: 'company',
    body: html`<p>${user.position}, ${names}</p><p><a href="/company/personal/user/${userId}/tasks/">${word('tasks')}</a></p>`,
  }
}

export const companyPage = (site: PortalSite, viewer: Viewer): Page => {
  const { portal } = site
  const word = wordsIn(viewer.language)
  return {
    title: word('company'),
    active: 'company',
    body: html`${portal.departments.rows.map(
      department =>
        html`<h2>${department.name}</h2><ul>${portal.users.rows
          .filter(user => !user.isSystem && user.isActive && user.departments.includes(department.id))
          .map(
            user =>
              html`<li><a href="/company/personal/user/${user.id}/">${fullName(user)}</a> <small>${user.position}${department.headId === user.id ? ` · ${word('head')}` : ''}</small></li>`,
          )}</ul>`,
    )}`,
  }
}

export const notificationsPage = (site: PortalSite, viewer: Viewer): Page => {
  const { portal } = site
  const word = wordsIn(viewer.language)
  const own = portal.notifications.rows.filter(row => row.userId === viewer.user.id)
  const bbCode = (text: string): string =>
    text.replace(/\[br\]/gi, '\n').replace(/\[(?!\/?url)[^\]]+\]/gi, '')
  const lines = (text: string): Html[] =>
    bbCode(text)
      .split(/(\[url=[^\]]+\][\s\S]*?\[\/url\])/i)
      .map(piece => {
        const link = /^\[url=([^\]]+)\]([\s\S]*?)\[\/url\]$/i.exec(piece)
        return link ? html`<a data-slider href="${link[1]}">${link[2]}</a>` : html`${piece}`
      })
  return {
    title: word('notifications'),
    active: '',
    body: html`${own.toReversed().map(row => html`<article class="notification"><time>${when(portal, row.at)}</time><p>${lines(row.message)}</p></article>`)}${own.length === 0 ? html`<p class="quiet">${word('nothing')}</p>` : ''}`,
  }
}

export const analyticsPage = (site: PortalSite, viewer: Viewer): Page => {
  const { portal } = site
  const word = wordsIn(viewer.language)
  return {
    title: word('analytics'),
    active: 'analytics',
    body: html`${portal.dictionaries.categories
      .filter(row => row.entityTypeId === DEAL)
      .map(category => {
        const deals = visibleDeals(site, viewer).filter(deal => deal.categoryId === category.id)
        const largest = Math.max(
          1,
          ...portal.dictionaries
            .stages(DEAL, category.id)
            .map(stage => deals.filter(deal => deal.stageId === stage.statusId).length),
        )
        return html`<h2>${category.name}</h2><div class="funnel">${portal.dictionaries
          .stages(DEAL, category.id)
          .map(stage => {
            const count = deals.filter(deal => deal.stageId === stage.statusId).length
            return html`<div><span>${stage.name}</span><i style="--stage:${stage.color};width:${Math.round((count / largest) * 100)}%"></i><b>${count}</b></div>`
          })}</div>`
      })}`,
  }
}

export const invoiceOf = (site: PortalSite, id: number): ItemRow | undefined =>
  site.portal.store(INVOICE)?.items.find(id)
