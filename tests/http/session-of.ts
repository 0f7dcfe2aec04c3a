import request from 'supertest'
import type { World } from './fakes.ts'

/** Opens the app as a person, the way a frame does, and exchanges its ticket. */
export const ticketOf = async ({ app }: World, user: string): Promise<string> => {
  const page = await request(app).post('/bitrix24/app').type('form').send({ token: 'good', user }).expect(200)
  return /<meta name="planerka-ticket" content="([^"]+)"/.exec(page.text)?.[1] ?? ''
}

export const sessionOf = async (world: World, user: string): Promise<string> => {
  const { body } = await request(world.app)
    .post('/api/v1/session')
    .send({ ticket: await ticketOf(world, user) })
    .expect(200)
  return body.token as string
}

/** GET as a person. */
export const get = async (world: World, user: string, path: string): Promise<request.Response> =>
  request(world.app)
    .get(path)
    .set('Authorization', `Bearer ${await sessionOf(world, user)}`)
