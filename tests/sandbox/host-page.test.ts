import { existsSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ADMIN, EMPLOYEE, stagePortal } from './portal.ts'

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
if (!CHROMIUM && process.env['CI'] === 'true')
  throw new Error('Chromium is missing; install it with: apt-get install chromium')
const name = CHROMIUM ? 'the host page' : 'the host page (skipped: no Chromium; apt-get install chromium)'

const umd = join(
  dirname(
    createRequire(import.meta.url).resolve('@bitrix24/b24jssdk/package.json', { paths: [process.cwd()] }),
  ),
  'dist/umd/index.min.js',
)

/** An application that does with the real SDK what ours does, and leaves what it learnt in `window.seen`. */
const APP = `<!doctype html><title>app</title><script src="/sdk.js"></script><script>
  window.seen = null
  B24Js.initializeB24Frame().then(async b24 => {
    window.b24 = b24
    window.seen = {
      install: b24.isInstallMode, lang: b24.getLang(), placement: b24.placement.placement,
      options: b24.placement.options, isAdmin: b24.auth.isAdmin,
      token: b24.auth.getAuthData().access_token, origin: b24.getTargetOrigin(),
    }
  }).catch(error => { window.seen = { error: String(error) } })
</script>`

describe.skipIf(!CHROMIUM)(name, () => {
  const portal = stagePortal(12)
  let server: Server
  let browser: Browser
  let page: Page
  const posts: string[] = []

  beforeAll(async () => {
    server = createServer((req, res) => {
      if (req.url?.startsWith('/sdk.js')) {
        res.setHeader('content-type', 'text/javascript').end(readFileSync(umd))
        return
      }
      if (req.method === 'POST') posts.push(new URL(req.url ?? '/', 'http://app').pathname)
      req.resume()
      res.setHeader('content-type', 'text/html; charset=utf-8').end(APP)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    portal.sandbox.bitrix24.setAppOrigin(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    portal.site.uninstall(true)
    browser = await chromium.launch({ executablePath: CHROMIUM!, args: ['--no-sandbox'] })
    page = await browser.newPage()
  })
  afterAll(async () => {
    await browser?.close()
    server?.close()
  })

  type Seen = Record<string, unknown> & { options: Record<string, unknown> }
  const frame = async () => {
    await page.waitForSelector('iframe.application')
    const found = await (await page.$('iframe.application'))!.contentFrame()
    await found!.waitForFunction('window.seen !== null')
    return found!
  }
  const seen = async (): Promise<Seen> => (await (await frame()).evaluate('window.seen')) as Seen

  test('offers the application, opens its installer, and shows its page after installFinish', async () => {
    await page.goto(`${portal.site.origin}/`)
    await page.click('.market-card button')
    expect(await seen()).toMatchObject({
      install: true,
      isAdmin: true,
      placement: 'DEFAULT',
      origin: portal.site.origin,
    })
    expect(posts.at(-1)).toBe('/bitrix24/install')
    await Promise.all([page.waitForNavigation(), (await frame()).evaluate('void window.b24.installFinish()')])
    expect(await seen()).toMatchObject({ install: false })
    expect(posts.at(-1)).toBe('/bitrix24/app')
    expect(portal.site.installed()?.isFinished).toBe(true)
  })

  test('gives the frame a token of whoever looks, in the chosen language', async () => {
    await page.goto(`${portal.site.origin}/?user=${EMPLOYEE}&lang=en&theme=dark`)
    const told = await seen()
    expect(told).toMatchObject({ isAdmin: false, lang: 'en' })
    const profile = await fetch(`${portal.site.portal.clientEndpoint}profile?auth=${String(told['token'])}`)
    expect(await profile.json()).toMatchObject({ result: { ID: String(EMPLOYEE) } })
    expect(await page.getAttribute('html', 'data-theme')).toBe('dark')
    const fresh = await (await frame()).evaluate(
      'window.b24.auth.refreshAuth().then(auth => auth.access_token)',
    )
    expect(fresh).not.toBe(told['token'])
    await page.goto(`${portal.site.origin}/?user=${ADMIN}&lang=ru&theme=light`)
  })

  test('lets the frame set the title and open a deal in a slider', async () => {
    await (await frame()).evaluate("window.b24.parent.setTitle('Обзор')")
    await page.waitForFunction("document.getElementById('pagetitle').textContent === 'Обзор'")
    const closed = (await frame()).evaluate(
      "window.b24.slider.openPath(window.b24.slider.getUrl('/crm/deal/details/1/'), 1640)",
    )
    const slider = await (await page.waitForSelector('.slider iframe')).contentFrame()
    await slider!.waitForSelector('#pagetitle')
    expect(await slider!.textContent('#pagetitle')).toBe('Сделка 1')
    await page.click('.slider-close')
    expect(await closed).toMatchObject({ isClose: true })
  })

  test('opens a deep link and the tab of a deal with their options', async () => {
    await page.goto(
      `${portal.site.origin}/marketplace/view/planerka.planerka/?params[view]=stale&params[dealId]=7`,
    )
    const link = await seen()
    expect(link['placement']).toBe('REST_APP_URI')
    expect(link.options).toMatchObject({ view: 'stale', dealId: '7' })
    await portal.ask('placement.bind', {
      PLACEMENT: 'CRM_DEAL_DETAIL_TAB',
      HANDLER: portal.sandbox.bitrix24.app.appUrl,
      LANG_ALL: { ru: { TITLE: 'Планёрка' } },
    })
    await page.goto(`${portal.site.origin}/crm/deal/details/7/`)
    await page.click('.tabs a:has-text("Планёрка")')
    await page.waitForURL('**/?tab=app')
    const tab = await seen()
    expect(tab['placement']).toBe('CRM_DEAL_DETAIL_TAB')
    expect(tab.options).toMatchObject({ ID: '7' })
    await (await frame()).evaluate('window.b24.parent.resizeWindow(800, 731)')
    await page.waitForFunction("document.querySelector('iframe.application').clientHeight === 731")
  })

  test('leads everywhere its links go', async () => {
    for (const path of [
      '/crm/deal/',
      '/crm/deal/kanban/',
      '/crm/analytics/',
      '/company/',
      '/company/personal/user/3/',
      '/marketplace/',
      '/_notifications/',
      '/company/personal/user/3/tasks/',
    ]) {
      const response = await page.goto(portal.site.origin + path)
      expect([path, response?.status()]).toEqual([path, 200])
    }
    expect((await page.goto(`${portal.site.origin}/crm/deal/details/999/`))?.status()).toBe(404)
  })
})
