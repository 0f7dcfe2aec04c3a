import { z } from 'zod'
import type { Operation } from './api/route.ts'

/** OpenAPI 3.1 from the same operations that are mounted; schemas come from zod. */

type AnyOperation = Pick<
  Operation<never>,
  'method' | 'path' | 'summary' | 'query' | 'body' | 'answer' | 'media' | 'status' | 'problems'
>

const jsonSchema = (schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}

const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'code'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', description: 'Stable machine word' },
    detail: { type: 'string' },
  },
}

const parameters = ({ path, query }: AnyOperation): object[] => [
  ...[...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  })),
  ...Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: !(schema as z.ZodType).safeParse(undefined).success,
    schema: jsonSchema(schema as z.ZodType, 'input'),
  })),
]

const describe = (operation: AnyOperation, security: string): object => {
  const { summary, body, answer, media, problems = [], status = 200 } = operation
  return {
    summary,
    ...(security === '' ? { security: [] } : { security: [{ [security]: [] }] }),
    parameters: parameters(operation),
    ...(body
      ? { requestBody: { content: { 'application/json': { schema: jsonSchema(body, 'input') } } } }
      : {}),
    responses: {
      [status]: {
        description: summary,
        content: answer
          ? { 'application/json': { schema: jsonSchema(answer, 'output') } }
          : Object.fromEntries((media ?? []).map(type => [type, {}])),
      },
      default: {
        description: problems.length === 0 ? 'A problem' : `A problem; codes: ${problems.join(', ')}`,
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}

/** @param areas operations with the name of their security scheme; `''` = none */
export const openApiDocument = (
  publicUrl: string,
  areas: readonly { security: '' | 'session' | 'operator'; operations: readonly AnyOperation[] }[],
): object => {
  const paths: Record<string, Record<string, object>> = {}
  for (const { security, operations } of areas)
    for (const operation of operations) {
      const path = operation.path.replace(/:(\w+)/g, '{$1}')
      paths[path] = { ...paths[path], [operation.method]: describe(operation, security) }
    }
  return {
    openapi: '3.1.0',
    info: { title: 'Planerka', version: '1', description: 'The widget’s API and the operator’s API.' },
    servers: [{ url: publicUrl }],
    paths,
    components: {
      schemas: { Problem: problemSchema },
      securitySchemes: {
        session: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        operator: { type: 'http', scheme: 'bearer', description: 'ADMIN_TOKEN' },
      },
    },
  }
}
