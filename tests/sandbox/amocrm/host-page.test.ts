import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WIDGET_PACKAGES, widgetFiles } from '../../../app-manifest/build.ts'
import { closeBrowser, hasChromium, named, openBrowser } from '../../widget/browser.ts'
import { stageAccount } from './account.ts'

/** A product that gives tickets and shows what its frame was told; it answers the widget's script honestly. */
const FRAME = `<!doctype html><title>frame</title><script>
  window.said = []
  addEventListener('message', event => window.said.push(event.data))
  const tell = message => parent.postMessage({ from: 'planerka', ...message }, '*')
</script>`

describe.skipIf(!hasChromium)(named('the interface around the widget'), () => {
  const stage = stageAccount(12)
  const asked: { token: string; body: Record<string, unknown> }[] = []
  let server: Server
  let browser: BrowserContext
  let page: Page
  const problems: string[] = []

  beforeAll(async () => {
    server = createServer((req, res) => {
      const { pathname } = new URL(req.url ?? '/', 'http://product')
      res.setHeader('access-control-allow-origin', String(req.headers.origin ?? '*'))
      res.setHeader('access-control-allow-headers', 'x-auth-token, content-type')
      if (req.method === 'OPTIONS') return void res.end()
      let body = ''
      req.on('data', chunk => (body += chunk))
      req.on('end', () => {
        if (pathname === '/amocrm/ticket') {
          asked.push({
            token: String(req.headers['x-auth-token']),
            body: JSON.parse(body) as Record<string, unknown>,
          })
          res.setHeader('content-type', 'application/json')
          return void res.end(JSON.stringify({ ticket: `ticket-${asked.length}` }))
        }
        res.setHeader('content-type', 'text/html; charset=utf-8')
        res.end(pathname === '/amocrm/widget' ? FRAME : 'ok')
      })
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    stage.sandbox.amocrm.setOrigin(origin)
    stage.sandbox.amocrm.uploadWidget(widgetFiles(WIDGET_PACKAGES['amocrm.zip']!, origin))
    browser = await openBrowser()
    page = await browser.newPage()
    page.on('pageerror', error => problems.push(error.message))
  })
  afterAll(async () => {
    await closeBrowser(browser)
    server?.close()
  })

  const frame = async () => {
    const element = await page.waitForSelector('iframe.planerka-frame')
    return (await element.contentFrame())!
  }
  const claims = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>

  test('installs it from Settings, and shows its page from the left menu', async () => {
    await page.goto(`${stage.site.origin}/settings/widgets/`)
    await page.click('form[action="/_host/install"] button')
    await page.waitForSelector('.planerka-consent')
    await page.click('.menu-item:has-text("Планёрка")')
    const inside = await frame()
    expect(inside.url()).toContain('/amocrm/widget#ticket=ticket-')
    expect(inside.url()).toContain('theme=light')
    expect(asked.at(-1)!.body).toEqual({
      view: 'overview',
      params: {},
      language: 'ru',
      theme: 'light',
      place: { path: '/widget_page/planerka_widget/planerka/overview', isHome: true },
    })
    expect(claims(asked.at(-1)!.token)).toMatchObject({ user_id: stage.account.admin.id, is_admin: true })
    await page.click('.submenu a:has-text("Зависшие")')
    await frame()
    expect(asked.at(-1)!.body).toMatchObject({ view: 'stale' })
  })

  test('opens the screen that a link in a message names', async () => {
    await page.goto(
      `${stage.site.origin}/widget_page/planerka_widget/planerka#planerka=stale&level=red&find=a+b%26c`,
    )
    await frame()
    expect(asked.at(-1)!.body).toMatchObject({ view: 'stale', params: { level: 'red', find: 'a b&c' } })
  })

  test('tells an administrator’s consent to tasks when the form is saved, and only a change', async () => {
    const consents = () => asked.flatMap(({ body }) => ('consent' in body ? [body['consent']] : []))
    await page.goto(`${stage.site.origin}/settings/widgets/`)
    const save = page.locator('.js-widget-save')
    await page.waitForSelector('.planerka-consent-tasks')
    expect(await save.isDisabled()).toBe(true)
    expect(await page.isChecked('.planerka-consent-tasks')).toBe(false)
    await page.check('.planerka-consent-tasks')
    await save.click()
    await page.waitForFunction(`document.querySelector('.js-widget-save').disabled`)
    await expect.poll(consents).toEqual([{ crmTasks: true }])
    await page.reload()
    await page.waitForSelector('.planerka-consent-tasks')
    expect(await page.isChecked('.planerka-consent-tasks')).toBe(true)
    await page.uncheck('.planerka-consent-tasks')
    await page.check('.planerka-consent-tasks')
    await save.click()
    await page.waitForFunction(`document.querySelector('.js-widget-save').disabled`)
    expect(consents()).toHaveLength(1)
  })

  test('shows a panel in the card, once, and heeds its height', async () => {
    const lead = stage.account.leads.rows[0]!
    await page.goto(`${stage.site.origin}/leads/detail/${lead.id}`)
    const inside = await frame()
    expect(asked.at(-1)!.body).toMatchObject({ view: 'deal', card: lead.id })
    expect(await page.$$('iframe.planerka-frame')).toHaveLength(1)
    await inside.evaluate(`tell({ type: 'height', height: 333 })`)
    await page.waitForFunction(`document.querySelector('iframe.planerka-frame').style.height === '333px'`)
    await inside.evaluate(`tell({ type: 'ticket', view: 'overview' })`)
    await inside.waitForFunction('window.said.length > 0')
    expect(await inside.evaluate('window.said[0]')).toMatchObject({ to: 'planerka', type: 'ticket' })
  })

  test('is another person’s, in another language and in the dark', async () => {
    const employee = stage.account.users.rows[2]!
    await page.goto(
      `${stage.site.origin}/settings/widgets/planerka_widget/?user=${employee.id}&lang=en&theme=dark`,
    )
    const inside = await frame()
    expect(inside.url()).toContain('language=en')
    expect(asked.at(-1)!.body).toMatchObject({ view: 'settings', language: 'en', theme: 'dark' })
    expect(claims(asked.at(-1)!.token)).toMatchObject({ user_id: employee.id, is_admin: false })
    // Of another's lead nothing is shown.
    const foreign = stage.account.leads.rows.find(lead => lead.responsibleId !== employee.id)!
    expect((await page.goto(`${stage.site.origin}/leads/detail/${foreign.id}`))?.status()).toBe(404)
  })

  test('never names another CRM, and breaks nowhere', async () => {
    for (const path of ['/leads/', '/todo/line/', '/stats/', '/settings/widgets/']) {
      await page.goto(stage.site.origin + path)
      expect(await page.content()).not.toMatch(/bitrix|битрикс/i)
    }
    expect(problems).toEqual([])
  })
})
