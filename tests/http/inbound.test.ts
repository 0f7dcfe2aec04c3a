import request from 'supertest'
import { describe, expect, test } from 'vitest'
import { createWorld, fakeVendor, ROUTES } from './fakes.ts'

describe('what CRMs call', () => {
  test('the frame’s page carries its ticket, may be framed by its portal only and is kept by nobody', async () => {
    const { app } = createWorld()
    const page = await request(app).post('/bitrix24/app').type('form').send({ token: 'good' }).expect(200)
    const policy = String(page.headers['content-security-policy'])
    expect(policy).toContain('frame-ancestors https://acme.crm.example')
    expect(policy).toContain("script-src 'self'")
    expect(policy).not.toContain('*')
    expect(page.headers['x-frame-options']).toBeUndefined()
    expect(page.headers['cache-control']).toBe('no-store')
    const metas = Object.fromEntries(
      [...page.text.matchAll(/<meta name="planerka-(\w+)" content="([^"]*)"/g)].map(([, name, value]) => [
        name,
        value,
      ]),
    )
    expect(metas).toMatchObject({
      vendor: 'bitrix24',
      mode: 'app',
      language: 'en',
      theme: 'dark',
      view: 'stale',
    })
    expect(metas.ticket?.length).toBeGreaterThan(100)
    expect(page.text).toContain('<html lang="en"')
  })

  test('the same frame opened again (F5) opens another session', async () => {
    const { app } = createWorld()
    const open = () => request(app).post('/bitrix24/app').type('form').send({ token: 'good' }).expect(200)
    const [first, second] = [await open(), await open()]
    expect(first.text).not.toBe(second.text)
  })

  test('an install from the frame goes on in install mode with a ticket; a second use of its pair does not', async () => {
    const world = createWorld()
    const install = () =>
      request(world.app).post('/bitrix24/install').type('form').send({ token: 'good-pair' })
    const page = await install().expect(200)
    expect(page.text).toContain('<meta name="planerka-mode" content="install" />')
    expect(page.text).toContain('planerka-ticket')
    const again = await install()
    expect([again.status, again.body.code]).toEqual([409, 'install_used'])
    expect(world.calls.installed).toBe(1)
  })

  test('an install that a machine may follow carries no ticket', async () => {
    const page = await request(createWorld().app).get('/bitrix24/oauth?token=good').expect(200)
    expect(page.text).toContain('content="install"')
    expect(page.text).not.toContain('planerka-ticket')
  })

  test('an event is answered and nudges the queue; a failing queue does not fail the event', async () => {
    const world = createWorld({ nudge: () => Promise.reject(new Error('queue is down')) })
    await request(world.app).post('/bitrix24/events/right-secret').type('form').send({ a: 1 }).expect(200)
    expect(world.calls.events).toBe(1)
    expect(world.logLines.join('\n')).not.toContain('right-secret')
  })

  test('keys that reach for a prototype are dropped', async () => {
    const world = createWorld()
    await request(world.app)
      .post('/bitrix24/events')
      .set('Content-Type', 'application/x-www-form-urlencoded')
      .send('secret=right-secret&__proto__[polluted]=1&constructor[prototype][polluted]=1')
      .expect(200)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect(Object.keys(world.seen[0]?.body as object)).toEqual(['secret'])
  })

  test('the ticket route answers the CRM’s own pages and no others', async () => {
    const { app } = createWorld()
    const from = (origin: string) => request(app).options('/bitrix24/ticket').set('Origin', origin)
    const allowed = await from('https://acme.crm.example').expect(204)
    expect(allowed.headers['access-control-allow-origin']).toBe('https://acme.crm.example')
    for (const origin of [
      'https://evil.example',
      'http://acme.crm.example',
      'https://crm.example.evil',
      'null',
    ]) {
      const refused = await from(origin)
      expect(refused.headers['access-control-allow-origin'], origin).toBeUndefined()
    }
    const ticket = await request(app)
      .post('/bitrix24/ticket')
      .set('Origin', 'https://acme.crm.example')
      .query({ token: 'good' })
      .expect(200)
    expect(Object.keys(ticket.body)).toEqual(['ticket'])
    await request(app).post('/api/v1/session').send(ticket.body).expect(200)
  })

  test('a page without a portal may be framed by the vendor’s portals', async () => {
    const page = await request(createWorld().app).get('/bitrix24/widget').expect(200)
    expect(page.headers['content-security-policy']).toContain('frame-ancestors https://*.crm.example')
    expect(page.text).not.toContain('planerka-ticket')
  })

  test('every vendor is mounted from its own list of routes', async () => {
    const calls = { outbound: 0 }
    const world = createWorld({
      vendors: [fakeVendor('bitrix24', ROUTES, calls), fakeVendor('kommo', ROUTES.slice(2, 3), calls)],
    })
    await request(world.app).post('/kommo/app').type('form').send({ token: 'good' }).expect(200)
    await request(world.app).post('/kommo/events').type('form').send({ secret: 'right-secret' }).expect(404)
  })

  test('a value of the vendor cannot break out of the page', async () => {
    const world = createWorld()
    world.installation.address.host = 'acme.crm.example'
    const page = await request(world.app)
      .post('/bitrix24/app')
      .type('form')
      .send({ token: 'good', user: '1' })
    expect(page.text).not.toMatch(/content="[^"]*</)
  })
})
