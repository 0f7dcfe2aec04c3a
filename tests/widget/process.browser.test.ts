import type { BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clipped, closeBrowser, hasChromium, named, openBrowser, openPage, overflow } from './browser.ts'
import { ensureBuilt } from './built.ts'
import { scene, startMock } from './mock-api.ts'

let browser: BrowserContext
let mock: Awaited<ReturnType<typeof startMock>>

/** Labels of arcs that lie over a node or over another label, as the browser drew them; words broken inside. */
const DRAWN_BADLY = `(() => {
  const out = []
  const rects = selector => [...document.querySelectorAll(selector)].filter(e => e.getClientRects().length > 0).map(e => [e, e.getBoundingClientRect()])
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1
  const pills = rects('.pill rect')
  for (const [index, [, pill]] of pills.entries()) {
    for (const [, node] of rects('.node')) if (meet(pill, node)) out.push('a label on a stage')
    for (const [, other] of pills.slice(index + 1)) if (meet(pill, other)) out.push('a label on a label')
  }
  for (const [name] of rects('.node .name')) {
    const text = name.firstChild
    for (const word of (text?.data ?? '').matchAll(/\\S+/g)) {
      const range = document.createRange()
      range.setStart(text, word.index)
      range.setEnd(text, word.index + word[0].length)
      const lines = new Set([...range.getClientRects()].map(rect => Math.round(rect.top)))
      if (lines.size > 1) out.push('broken: ' + word[0])
      if (name.scrollWidth > name.clientWidth + 1) out.push('wide: ' + word[0])
    }
  }
  for (const [table, box] of rects('.times')) if (box.right > table.closest('.pl-card').getBoundingClientRect().right) out.push('the table of times leaves its card')
  return out
})()`

describe.skipIf(!hasChromium)(named('the process on the screen'), () => {
  beforeAll(async () => {
    await ensureBuilt()
    mock = await startMock()
    browser = await openBrowser()
  }, 120_000)
  afterAll(async () => {
    await closeBrowser(browser)
    await mock?.stop()
  })

  test.each(['ru', 'en'] as const)(
    'shows a long pipeline, one of a single stage, one with two ways to lose and an empty one, in %s',
    async language => {
      const { page, problems } = await openPage(browser, mock.page(scene({ view: 'process', language })))
      const pipelines = page.locator('.filters select').first()
      await pipelines.waitFor({ timeout: 20_000 })
      for (const pipeline of ['0', '7', '8', '9', '10']) {
        await pipelines.selectOption(pipeline)
        for (const width of [360, 1048, 1280, 1920]) {
          await page.setViewportSize({ width, height: 900 })
          await page.waitForTimeout(120)
          const where = `${pipeline}, ${width}`
          expect(await page.evaluate(DRAWN_BADLY), where).toEqual([])
          expect(await overflow(page), where).toEqual([])
          expect(await clipped(page), where).toEqual([])
        }
      }
      expect(problems).toEqual([])
      await page.close()
    },
    120_000,
  )

  test('opens an arc by the keyboard to its deals and to what it does to winning, and closes again', async () => {
    const { page, problems } = await openPage(browser, mock.page(scene({ view: 'process' })))
    await page.locator('.node.won').waitFor({ timeout: 20_000 })
    await page.locator('.arc.main').focus()
    await page.keyboard.press('Enter')
    const panel = page.locator('[role=dialog]')
    await panel.locator('tbody tr').first().waitFor()
    expect(await panel.locator('h2.title').textContent()).toBe('Квалификация → КП отправлено')
    const text = (await panel.textContent()) ?? ''
    expect(text).toContain('168 сделок: выиграно 20, проиграно 132, открыто 16')
    expect(text.replaceAll('\u00a0', ' ')).toContain('Выигрыш 13 % (20 из 152), по дороге 30 % (90 из 300)')
    expect(text).toContain('Показаны самые новые: 90 из 168')
    await page.keyboard.press('Escape')
    await panel.waitFor({ state: 'detached' })
    await page.locator('.node').first().click()
    await panel.locator('h2.title', { hasText: 'Были на «Новая заявка»' }).waitFor()
    expect(problems).toEqual([])
    await page.close()
  }, 60_000)

  test('shows one person’s process to a head, and an employee the own one', async () => {
    const { page } = await openPage(browser, mock.page(scene({ view: 'process' })))
    await page.locator('select[aria-label="Сотрудник"]').selectOption('13')
    await page.locator('.pl-note', { hasText: 'сделки: Гусева Ольга' }).waitFor({ timeout: 20_000 })
    await page.close()
    const own = await openPage(browser, mock.page(scene({ view: 'process', role: 'employee' })))
    await own.page.locator('.pl-note', { hasText: 'ваши сделки' }).waitFor({ timeout: 20_000 })
    expect(await own.page.locator('select[aria-label="Сотрудник"]').count()).toBe(0)
    expect(await own.page.locator('nav .tab.active').textContent()).toContain('Процесс')
    await own.page.close()
  }, 60_000)
})
