import type { BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  clipped,
  closeBrowser,
  contrasts,
  hasChromium,
  named,
  openBrowser,
  openPage,
  overflow,
} from './browser.ts'
import { ensureBuilt } from './built.ts'
import { type Scene, scene, startMock } from './mock-api.ts'

const WIDTHS = [360, 1280, 1920]

/** Every screen with something on it that proves it is the one asked for. */
const SCREENS: { name: string; scene: Partial<Scene>; proof: string }[] = [
  { name: 'the first sync', scene: { state: 'sync' }, proof: '.steps li.running' },
  { name: 'the overview', scene: {}, proof: '.trend svg' },
  {
    name: 'an employee',
    scene: { view: 'employee', params: { id: '13' } },
    proof: '[role=tablist] [aria-selected=true]',
  },
  {
    name: 'an employee whose work part could not be measured',
    scene: { view: 'employee', params: { id: '12' } },
    proof: '[role=tablist] .off',
  },
  { name: 'the people', scene: { view: 'people' }, proof: '.people tbody tr:nth-child(9)' },
  { name: 'the stale deals', scene: { view: 'stale' }, proof: '.row .strip' },
  { name: 'the process', scene: { view: 'process' }, proof: '.node.won:visible, .stages li:visible' },
  { name: 'the rollout', scene: { view: 'rollout', role: 'admin' }, proof: '.curve .line' },
  { name: 'the rollout in its first days', scene: { view: 'rollout', state: 'empty' }, proof: '.names .dot' },
  { name: 'the catalogue', scene: { view: 'catalogue' }, proof: '.list tbody tr' },
  {
    name: 'the calendar in Settings',
    scene: { view: 'settings', role: 'admin', params: { section: 'calendar' } },
    proof: '#settings-zone',
  },
  {
    name: 'the messages in Settings',
    scene: { view: 'settings', role: 'admin', params: { section: 'messages' } },
    proof: 'blockquote',
  },
  {
    name: 'the people in Settings',
    scene: { view: 'settings', role: 'admin', params: { section: 'people' } },
    proof: '.people input',
  },
  {
    name: 'the thresholds in Settings',
    scene: { view: 'settings', role: 'admin', params: { section: 'thresholds' } },
    proof: '.pl-table td',
  },
  { name: 'the panel of a deal', scene: { view: 'deal', params: { id: '700' } }, proof: '.panel .strip' },
]

let browser: BrowserContext
let mock: Awaited<ReturnType<typeof startMock>>

describe.skipIf(!hasChromium)(named('every screen'), () => {
  beforeAll(async () => {
    await ensureBuilt()
    mock = await startMock()
    browser = await openBrowser()
  }, 120_000)
  afterAll(async () => {
    await closeBrowser(browser)
    await mock?.stop()
  })

  test.concurrent.each(['ru', 'en'] as const)(
    'fits every width in both themes in %s: nothing sticks out, is cut off or complains',
    async language => {
      for (const screen of SCREENS) {
        const address = mock.page(scene({ ...screen.scene, language }))
        const { page, problems } = await openPage(browser, address)
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: 900 })
          await page.locator(screen.proof).first().waitFor({ state: 'visible', timeout: 20_000 })
          for (const theme of ['light', 'dark']) {
            await page.evaluate(`document.documentElement.className = '${theme}'`)
            await page.waitForTimeout(60)
            const where = `${screen.name}, ${language}, ${theme}, ${width}`
            expect(await overflow(page), where).toEqual([])
            expect(await clipped(page), where).toEqual([])
          }
        }
        expect(problems, screen.name).toEqual([])
        expect(await page.getAttribute('html', 'lang')).toBe(language)
        await page.close()
      }
    },
    240_000,
  )

  test('would be caught sticking out: the check sees a wide and a cut element', async () => {
    const { page } = await openPage(browser, mock.page(scene({ view: 'catalogue' })))
    await page.locator('.list tbody tr').first().waitFor()
    await page.evaluate(`document.querySelector('.pl-card').insertAdjacentHTML('beforeend',
      '<p style="width:3000px">wide</p><p style="width:20px;overflow:hidden;white-space:nowrap">cut off</p>')`)
    expect(await overflow(page)).not.toEqual([])
    expect(await clipped(page)).toEqual(['cut off'])
    await page.close()
  })

  test.each(['light', 'dark'] as const)('has text that can be read in the %s theme', async theme => {
    const { page } = await openPage(browser, mock.page(scene({ theme })))
    await page.locator('.trend svg').waitFor()
    expect(await page.getAttribute('html', 'class')).toBe(theme)
    for (const [pair, ratio] of await contrasts(page)) expect(ratio, pair).toBeGreaterThanOrEqual(4.5)
    await page.close()
  })
})
