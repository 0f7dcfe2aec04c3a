import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hardenApi, isPrivateAddress, publicLookup } from '../../../src/vendors/bitrix24/address.ts'

const none = new Set<string>()

describe('the address of a portal', () => {
  test.each([
    'https://acme.bitrix24.ru/rest/',
    'https://crm.acme-box.com:8443/rest/',
    'https://b24.пример.рф/rest/',
  ])('%s may be called', raw => {
    const hardened = hardenApi(raw, none)
    expect(hardened?.api).toMatch(/^https:\/\/[^/]+\/rest\/$/)
    expect(new URL(hardened?.api ?? '').host).toBe(hardened?.host)
  })

  test.each([
    'http://acme.bitrix24.ru/rest/',
    'https://127.0.0.1/rest/',
    'https://2130706433/rest/',
    'https://0x7f.1/rest/',
    'https://[::1]/rest/',
    'https://10.0.0.5/rest/',
    'https://localhost/rest/',
    'https://portal.localhost/rest/',
    'https://db.internal/rest/',
    'https://printer.local/rest/',
    'https://intranet/rest/',
    'https://user:pass@acme.bitrix24.ru/rest/',
    'https://acme.bitrix24.ru/rest/?x=1',
    'https://acme.bitrix24.ru/rest/#x',
    'https://acme.bitrix24.ru/restore/',
    'https://acme.bitrix24.ru/a/rest/',
    'https://acme.bitrix24.ru./rest/',
    'file:///rest/',
    'ftp://acme.bitrix24.ru/rest/',
    '',
    null,
    undefined,
    {},
    ['https://acme.bitrix24.ru/rest/'],
  ])('%s must not be called', raw => {
    expect(hardenApi(raw, none)).toBeNull()
  })

  test('of a sandbox is let through by its exact origin only', () => {
    const trusted = new Set(['http://127.0.0.1:4001'])
    expect(hardenApi('http://127.0.0.1:4001/rest/', trusted)?.api).toBe('http://127.0.0.1:4001/rest/')
    expect(hardenApi('http://127.0.0.1:4002/rest/', trusted)).toBeNull()
    expect(hardenApi('http://127.0.0.1:4001/admin/', trusted)).toBeNull()
  })

  test('is never an IP literal or plain http, whatever it looks like', () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl(), fc.ipV4(), fc.ipV6(), fc.string()), text => {
        for (const raw of [text, `https://${text}/rest/`, `http://${text}/rest/`]) {
          const hardened = hardenApi(raw, none)
          if (hardened === null) continue
          const url = new URL(hardened.api)
          expect(url.protocol).toBe('https:')
          expect(url.pathname).toBe('/rest/')
          expect(url.hostname).not.toMatch(/^[\d.]+$|^\[/)
        }
      }),
    )
  })

  test('that resolves into a private network is not connected to', async () => {
    for (const address of [
      '10.1.2.3',
      '172.20.0.1',
      '192.168.1.1',
      '169.254.169.254',
      '100.64.0.1',
      '::1',
      'fd00::1',
    ])
      expect(isPrivateAddress(address)).toBe(true)
    for (const address of ['::ffff:10.0.0.1', '127.0.0.53', '0.0.0.0'])
      expect(isPrivateAddress(address)).toBe(true)
    for (const address of ['93.184.216.34', '2606:2800:220:1::1'])
      expect(isPrivateAddress(address)).toBe(false)
    const code = await new Promise(resolve => publicLookup('localhost', {}, error => resolve(error?.code)))
    expect(code).toBe('EPRIVATE')
  })
})
