import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Page } from 'playwright-core'

/**
 * Takes the listing's pictures from the running demo:
 * `node app-manifest/pictures.ts http://127.0.0.1:4001` with the address that the demo printed.
 * Full-screen pictures of the app inside the CRM for one marketplace, the app alone for the other's tour.
 */

const here = dirname(fileURLToPath(import.meta.url))
const screenshots = join(here, 'bitrix24', 'screenshots')
const tours = join(here, 'amocrm', 'images')

/** Screens by what is clicked to get there, in the words of each language. */
const SCREENS = [
  { name: 'overview', ru: /^Обзор/, en: /^Overview/ },
  { name: 'stale', ru: /^Зависшие/, en: /^Stale/ },
  { name: 'process', ru: /^Процесс/, en: /^Process/ },
  { name: 'employee', ru: /^Сотрудники/, en: /^People/ },
] as const
/** Somebody with something to fix. */
const PERSON = 'Дарья Мельникова'

/** Waits until the frame has something to show and its charts are drawn. */
const settled = async (page: Page): Promise<void> => {
  await page.waitForTimeout(6_000)
}

const take = async (demo: string): Promise<void> => {
  mkdirSync(screenshots, { recursive: true })
  mkdirSync(tours, { recursive: true })
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
  try {
    for (const language of ['ru', 'en'] as const) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
      await page.goto(`${demo}/?lang=${language}&user=1&theme=light`)
      await settled(page)
      const app = page.frameLocator('iframe').first()
      for (const { name, [language]: tab } of SCREENS) {
        await app.locator('header').getByText(tab).first().click()
        if (name === 'employee') {
          await page.waitForTimeout(2_000)
          await app.getByText(PERSON).first().click()
        }
        await settled(page)
        await page.screenshot({ path: join(screenshots, `${name}-${language}.png`) })
      }
      // The tour shows the app alone: its frame, in the exact pixels that the cabinet asks for.
      await page.setViewportSize({ width: 1420, height: 760 })
      await page.reload()
      await settled(page)
      const frame = await page.locator('iframe').first().boundingBox()
      if (!frame) throw new Error('The demo shows no frame')
      await page.screenshot({
        path: join(tours, `tour_1_${language}.png`),
        clip: { x: frame.x, y: frame.y, width: 1188, height: 616 },
      })
      await page.close()
    }
  } finally {
    await browser.close()
  }
}

const demo = process.argv[2]
if (!demo) {
  console.error('Give the address that the demo printed.')
  process.exitCode = 1
} else await take(demo.replace(/\/+$/, ''))
