import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { hasChromium, named } from './browser.ts'
import type { Scene } from './mock-api.ts'
import { AS_OF } from './mock-team.ts'
import { createVisits } from './visits.ts'

const visits = createVisits()

const visit = async (part: Partial<Scene> = {}): Promise<Page> => {
  const { page } = await visits.open({ view: 'rollout', ...part })
  return page
}

describe.skipIf(!hasChromium)(named('the rollout in a browser'), { timeout: 90_000 }, () => {
  visits.hooks()

  test('a figure opens its deals with links into the CRM, and Escape brings the focus back', async () => {
    const page = await visit({ role: 'admin' })
    const number = page.locator('.fields .pl-evidence').first()
    await number.click()
    const panel = page.getByRole('dialog')
    await panel.getByRole('link').first().waitFor()
    expect(await panel.textContent()).toContain('Сделки с полем')
    expect(await panel.textContent()).toContain('Показаны последние 3 из 61')
    expect(await panel.getByRole('link').first().getAttribute('href')).toBe(
      'https://acme.example/crm/deal/details/700/',
    )
    await page.keyboard.press('Escape')
    await panel.waitFor({ state: 'detached' })
    expect(await page.evaluate('document.activeElement.className')).toContain('pl-evidence')
  })

  test('every figure of a pipeline opens its deals, and a pipeline without any opens nothing', async () => {
    const page = await visit({ role: 'admin' })
    const row = page.locator('.pipelines tbody tr')
    await row.first().waitFor()
    expect(await row.first().locator('.pl-evidence').count()).toBe(5)
    expect(await row.filter({ hasText: 'Тест' }).locator('.pl-evidence').count()).toBe(0)
    expect(await row.filter({ hasText: 'Партнёры' }).locator('.class').innerText()).toMatch(/спит\s+отложить/)
    await row.first().locator('.pl-evidence').nth(2).click()
    const panel = page.getByRole('dialog')
    await panel.getByRole('link').first().waitFor()
    expect(await panel.textContent()).toContain('Решены в воронке «Основная»')
    expect(await panel.textContent()).toContain('выиграны или проиграны')
  })

  test('the curve has its table, with people by name', async () => {
    const page = await visit()
    await page.locator('.curve .line').waitFor()
    await page.getByRole('button', { name: 'Таблица' }).click()
    const rows = page.locator('.steps tbody tr')
    expect(await rows.count()).toBe(3)
    expect(await rows.nth(1).textContent()).toContain('46')
    expect(await page.getByText('откат: четыре недели').count()).toBe(1)
    const tidying = await page.locator('td.tidying').allTextContents()
    expect(tidying.slice(0, 5).map(text => text.trim())).toEqual([
      'на 1-й неделе',
      'не позже 2-й недели',
      'не было',
      'неизвестно: уборку видно в 3 из 8 недель',
      'неизвестно: за четыре недели правок меньше 12 сделок',
    ])
    const asked = page.waitForRequest(/evidence/)
    await page.locator('td.tidying').first().getByRole('button').click()
    expect(new URL((await asked).url()).searchParams.get('metric')).toBe('M26')
    await page.getByRole('dialog').waitFor()
  })

  test('the week of a person’s habit and the last score open what those weeks said', async () => {
    const page = await visit()
    await page.getByRole('button', { name: 'Таблица' }).first().click()
    const person = page.locator('.people tbody tr').first()
    for (const [cell, asOf] of [
      [person.locator('td.habit'), '2026-10-25T20:59:59.999Z'],
      [person.locator('td.num'), AS_OF],
    ] as const) {
      const asked = page.waitForRequest(/evidence/)
      await cell.getByRole('button').click()
      const query = new URL((await asked).url()).searchParams
      expect([query.get('metric'), query.get('asOf')]).toEqual(['score', asOf])
      await page.getByRole('dialog').getByRole('button', { name: 'Закрыть' }).click()
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
  })

  test('in a narrow frame each person of that table is a card, nothing of which is out of sight', async () => {
    const page = await visit({ role: 'head' })
    await page.setViewportSize({ width: 360, height: 900 })
    await page.getByRole('button', { name: 'Таблица' }).first().click()
    await page.locator('.people tbody tr').first().waitFor()
    const [wide, seen] = (await page.evaluate(
      "(() => { const box = document.querySelector('.people').parentElement; return [box.scrollWidth, box.clientWidth] })()",
    )) as [number, number]
    expect(wide).toBeLessThanOrEqual(seen)
    expect(await page.locator('.people td.tidying').first().getAttribute('data-label')).toBe('Первая уборка')
  })

  test('an administrator chooses the proof of a stage, and the other stages keep theirs', async () => {
    const page = await visit({ role: 'admin' })
    await page.getByLabel('Подтверждение стадии «Обследование»').selectOption('meeting')
    await page.getByText('Сохранено, пересчитаем ночью.').waitFor()
    const sent = visits.mock().patches.at(-1) as { stageRules: { stageId: string; proof: string }[] }
    expect(sent.stageRules.map(({ stageId, proof }) => [stageId, proof])).toEqual([
      ['SURVEY', 'meeting'],
      ['OFFER', 'message'],
      ['PAY', 'invoice'],
      ['WON', 'payment'],
    ])
  })

  test('a head of the company reads the proofs and cannot change them', async () => {
    const page = await visit({ role: 'head' })
    await page.locator('.stages tbody tr').first().waitFor()
    expect(await page.locator('.stages select').count()).toBe(0)
  })

  test('prints the compass alone, on one page', async () => {
    const page = await visit({ role: 'admin' })
    await page.locator('.compass li').first().waitFor()
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('.compass').isVisible()).toBe(true)
    for (const other of ['.curve', '.fields', '.stages', '.faults', 'header'])
      expect(await page.locator(other).first().isVisible(), other).toBe(false)
    const pdf = await page.pdf({ format: 'A4' })
    expect(pdf.toString('latin1').match(/\/Type \/Page[^s]/g)?.length).toBe(1)
  })

  test('with fewer than six people names stand on a line, without per cent', async () => {
    const page = await visit({ state: 'empty' })
    await page.locator('.names .dot').first().waitFor()
    expect(await page.locator('.names li').count()).toBe(3)
    expect(await page.locator('.curve').count()).toBe(0)
    expect(await page.locator('main').textContent()).toContain('появится после ближайшего ночного пересчёта')
  })

  test('an employee has no such tab, and a deep link says whom to ask', async () => {
    const page = await visit({ role: 'employee' })
    await page.getByText('Внедрение видят администратор').waitFor()
    expect(await page.locator('nav').first().textContent()).not.toContain('Внедрение')
    expect(await page.locator('main').textContent()).toContain('Соколова Анна')
  })
})
