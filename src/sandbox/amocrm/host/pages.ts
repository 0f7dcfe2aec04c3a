import { type Html, html } from '../../bitrix24/host/html.ts'
import { type LeadRow, WON } from '../account/rows.ts'
import type { AccountSite } from '../site.ts'
import type { Page } from './shell.ts'
import { roleOf, type Viewer } from './viewer.ts'
import { wordsIn } from './words.ts'

const ROWS = 200

const nameOf = (site: AccountSite, userId: number): string =>
  site.account.users.find(userId)?.name ?? `№ ${userId}`

const dayOf = (seconds: number, language: string): string =>
  new Date(seconds * 1000).toLocaleDateString(language === 'ru' ? 'ru-RU' : 'en-GB', {
    timeZone: 'Europe/Moscow',
  })

const money = (price: number, language: string): string =>
  price === 0 ? '' : `${price.toLocaleString(language === 'ru' ? 'ru-RU' : 'en-GB')} ₽`

const statusTag = (site: AccountSite, lead: LeadRow): Html => {
  const status = site.account.statusOf(lead)
  return html`<span class="stage" style="--stage: ${status?.color ?? '#999'}">${status?.name ?? lead.statusId}</span>`
}

const seenBy = (site: AccountSite, viewer: Viewer) => {
  const seen = site.account.visibleUsers(viewer.user)
  return (userId: number): boolean => seen === null || seen.has(userId)
}

export const leadListPage = (site: AccountSite, viewer: Viewer, pipelineId: number, find: string): Page => {
  const { account } = site
  const word = wordsIn(viewer.language)
  const pipeline = account.pipeline(pipelineId) ?? account.pipelines[0]
  const canSee = seenBy(site, viewer)
  const rows: LeadRow[] = []
  for (let index = account.leads.rows.length - 1; index >= 0 && rows.length < ROWS; index--) {
    const lead = account.leads.rows[index]!
    if (lead.isDeleted || lead.pipelineId !== pipeline?.id || !canSee(lead.responsibleId)) continue
    if (find && !lead.name.toLowerCase().includes(find.toLowerCase())) continue
    rows.push(lead)
  }
  return {
    title: word('leads'),
    active: 'leads',
    area: 'llist',
    body: html`<div class="tabs">${account.pipelines.map(
      ({ id, name }) =>
        html`<a class="${id === pipeline?.id ? 'active' : ''}" href="/leads/?pipeline=${id}">${name}</a>`,
    )}</div>
    ${
      rows.length === 0
        ? html`<p class="quiet">${word('nothing')}</p>`
        : html`<table><thead><tr><th>${word('leads')}</th><th>${word('stage')}</th><th>${word('responsible')}</th><th class="number">${word('amount')}</th><th>${word('created')}</th></tr></thead>
    <tbody>${rows.map(
      lead =>
        html`<tr><td><a href="/leads/detail/${lead.id}">${lead.name}</a></td><td>${statusTag(site, lead)}</td><td>${nameOf(site, lead.responsibleId)}</td><td class="number">${money(lead.price, viewer.language)}</td><td>${dayOf(lead.createdAt, viewer.language)}</td></tr>`,
    )}</tbody></table>`
    }`,
  }
}

const EVENT_WORDS: Record<string, string> = {
  lead_added: 'Новая сделка',
  lead_status_changed: 'Этап изменён',
  entity_responsible_changed: 'Ответственный изменён',
  outgoing_call: 'Исходящий звонок',
  incoming_call: 'Входящий звонок',
  outgoing_chat_message: 'Исходящее сообщение',
  incoming_chat_message: 'Входящее сообщение',
  common_note_added: 'Примечание',
  sale_field_changed: 'Бюджет изменён',
}

/** The lead's card: fields on the left, feed in the middle, widgets in the right panel. */
export const leadCardPage = (site: AccountSite, viewer: Viewer, id: number): Page | null => {
  const { account } = site
  const lead = account.leads.find(id)
  if (!lead || lead.isDeleted || !seenBy(site, viewer)(lead.responsibleId)) return null
  const word = wordsIn(viewer.language)
  const events = account.events
    .rows(account.now())
    .filter(event => event.entityType === 'lead' && event.entityId === id)
  const tasks = account.tasks.rows.filter(task => task.entityType === 'leads' && task.entityId === id)
  const stageAfter = (after: readonly Record<string, unknown>[]): string => {
    const status = after[0]?.['lead_status'] as { id: number; pipeline_id: number } | undefined
    return status
      ? (account.statusOf({ pipelineId: status.pipeline_id, statusId: status.id })?.name ?? String(status.id))
      : ''
  }
  return {
    title: lead.name,
    active: 'leads',
    area: 'lcard',
    card: { id },
    body: html`<div class="card">
  <section class="fields">
    <p>${statusTag(site, lead)}</p>
    <dl>
      <dt>${word('pipeline')}</dt><dd>${account.pipeline(lead.pipelineId)?.name}</dd>
      <dt>${word('responsible')}</dt><dd>${nameOf(site, lead.responsibleId)}</dd>
      <dt>${word('amount')}</dt><dd>${money(lead.price, viewer.language) || '—'}</dd>
      <dt>${word('created')}</dt><dd>${dayOf(lead.createdAt, viewer.language)}</dd>
      ${
        lead.tagIds.length > 0
          ? html`<dt>${word('tags')}</dt><dd>${lead.tagIds.map(tag => account.tags.find(tag)?.name ?? '').join(', ')}</dd>`
          : ''
      }
      ${Object.entries(lead.fields).map(([fieldId, values]) => {
        const field = account.fields.find(Number(fieldId))
        const shown = values.map(
          value => field?.enums.find(({ id: option }) => option === value)?.value ?? String(value),
        )
        return field ? html`<dt>${field.name}</dt><dd>${shown.join(', ')}</dd>` : html``
      })}
    </dl>
  </section>
  <section class="feed">
    <h2>${word('tasks')}</h2>
    ${tasks.map(
      task =>
        html`<p>${task.isCompleted ? '✓' : '○'} ${task.text} <time>${dayOf(task.completeTill, viewer.language)}</time></p>`,
    )}
    <h2>${word('feed')}</h2>
    ${events
      .slice(-60)
      .toReversed()
      .map(
        event =>
          html`<p><time>${dayOf(event.createdAt, viewer.language)}</time> ${EVENT_WORDS[event.type] ?? event.type} ${stageAfter(event.after)} <span class="quiet">${event.createdBy === 0 ? 'Робот' : nameOf(site, event.createdBy)}</span></p>`,
      )}
  </section>
  <aside class="panel" id="widgets_block"></aside>
</div>`,
  }
}

export const taskListPage = (site: AccountSite, viewer: Viewer, id: number): Page => {
  const word = wordsIn(viewer.language)
  const canSee = seenBy(site, viewer)
  const rows = site.account.tasks.rows
    .filter(task => (id > 0 ? task.id === id : !task.isCompleted) && canSee(task.responsibleId))
    .toSorted((a, b) => a.completeTill - b.completeTill)
    .slice(0, ROWS)
  return {
    title: word('tasks'),
    active: 'tasks',
    area: 'tline',
    body: html`<table><thead><tr><th>${word('text')}</th><th>${word('due')}</th><th>${word('responsible')}</th><th>${word('leads')}</th></tr></thead>
    <tbody>${rows.map(
      task =>
        html`<tr><td>${task.isCompleted ? html`<b>${word('done')}</b> ` : ''}${task.text}</td><td>${dayOf(task.completeTill, viewer.language)}</td><td>${nameOf(site, task.responsibleId)}</td><td>${
          task.entityId !== null && task.entityType === 'leads'
            ? html`<a href="/leads/detail/${task.entityId}">${site.account.leads.find(task.entityId)?.name}</a>`
            : ''
        }</td></tr>`,
    )}</tbody></table>`,
  }
}

export const statsPage = (site: AccountSite, viewer: Viewer): Page => {
  const word = wordsIn(viewer.language)
  const canSee = seenBy(site, viewer)
  return {
    title: word('stats'),
    active: 'stats',
    area: 'stats',
    body: html`${site.account.pipelines.map(pipeline => {
      const leads = site.account.leads.rows.filter(
        lead => lead.pipelineId === pipeline.id && !lead.isDeleted && canSee(lead.responsibleId),
      )
      return html`<h2>${pipeline.name}</h2><table>${pipeline.statuses
        .filter(({ type }) => type === 0)
        .map(
          status =>
            html`<tr><td>${status.name}${status.id === WON ? ' ★' : ''}</td><td class="number">${leads.filter(lead => lead.statusId === status.id).length}</td></tr>`,
        )}</table>`
    })}`,
  }
}

export const personPage = (site: AccountSite, viewer: Viewer, id: number): Page | null => {
  const user = site.account.users.find(id)
  if (!user) return null
  const word = wordsIn(viewer.language)
  return {
    title: user.name,
    active: 'settings',
    area: 'settings',
    body: html`<p>${word(roleOf(user))}</p><p class="quiet">${site.account.groups.find(({ id: group }) => group === user.groupId)?.name}</p>`,
  }
}

export const invoicePage = (site: AccountSite, viewer: Viewer, id: number): Page | null => {
  const invoice = site.account.invoices.find(id)
  if (!invoice) return null
  return {
    title: invoice.name,
    active: 'leads',
    area: 'catalogs',
    body: html`<p>${money(invoice.price, viewer.language)}</p><p class="quiet">${invoice.status}</p>`,
  }
}

/** Settings → Integrations: install, the widget's own settings, turn off. */
export const integrationsPage = (site: AccountSite, viewer: Viewer, message: string): Page => {
  const { integration, installed } = site
  const word = wordsIn(viewer.language)
  const isOn = installed?.isActive === true
  const button = (action: string, label: string): Html =>
    html`<form method="post" action="/_host/${action}"><button class="button"${viewer.user.isAdmin ? '' : html` disabled`}>${label}</button></form>`
  return {
    title: word('integrations'),
    active: 'settings',
    area: 'settings',
    ...(isOn ? { widgetPage: 'settings' as const } : {}),
    body: html`${message ? html`<p class="note">${message}</p>` : ''}
    <article class="integration">
      <h2>${integration.title}</h2>
      <p>${isOn ? word('installed') : word('notInstalled')}</p>
      ${isOn ? '' : html`<p class="quiet">${word('agree')}</p>`}
      ${isOn ? html`<p><a href="/settings/widgets/${integration.code}/">${word('settings')}</a></p>` : ''}
      ${isOn ? button('disable', word('disable')) : button('install', word('install'))}
      <div class="widget_settings_block" id="widget_settings_block_${integration.code}"${isOn ? html` data-save="${word('save')}"` : ''}></div>
    </article>`,
  }
}

/** A page that belongs to the widget. */
export const widgetPage = (
  site: AccountSite,
  viewer: Viewer,
  where: { item: string; sub: string } | 'advanced',
): Page => {
  const word = wordsIn(viewer.language)
  const isOn = site.installed?.isActive === true
  const missing = isOn ? (site.widgetFiles() ? null : word('noArchive')) : word('notInstalled')
  return {
    title: site.integration.title,
    active: where === 'advanced' ? 'settings' : `widget-${where.item}`,
    area: where === 'advanced' ? 'advanced_settings' : 'widget_page',
    isFull: true,
    ...(missing
      ? {}
      : {
          widgetPage:
            where === 'advanced'
              ? ('advanced' as const)
              : {
                  location: 'widget_page',
                  item_code: where.item,
                  ...(where.sub ? { subitem_code: where.sub } : {}),
                },
        }),
    body: missing
      ? html`<p class="quiet">${missing}</p>`
      : html`<div id="work-area-${site.integration.code}" class="work-area"></div>`,
  }
}
