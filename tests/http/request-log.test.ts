import request from 'supertest'
import { expect, test } from 'vitest'
import { createWorld } from './fakes.ts'

const KEYS = ['level', 'time', 'requestId', 'method', 'route', 'status', 'ms', 'msg']

test.each([
  ['/api/v1/employees/secret-id?token=secret', '/api/v1/employees/:id', 401],
  ['/nowhere/secret', 'unmatched', 404],
])('a request of %s leaves one line, which says each thing once', async (path, route, status) => {
  const world = createWorld()
  await request(world.app).get(path).expect(status)
  const lines = world.logLines.filter(line => line.includes('"msg":"request"'))
  expect(lines).toHaveLength(1)
  const [line = ''] = lines
  // A parsed line would hide a name that stands in it twice.
  expect(Array.from(line.matchAll(/"(\w+)":/g), ([, key]) => key).toSorted()).toEqual(KEYS.toSorted())
  expect(JSON.parse(line)).toMatchObject({ method: 'GET', route, status, ms: expect.any(Number) })
  expect(line).not.toContain('secret')
})
