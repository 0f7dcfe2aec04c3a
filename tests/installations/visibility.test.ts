import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type People, viewerOf } from '../../src/installations/visibility.ts'

const person = (
  id: string,
  departmentIds: string[],
  dealsVisible: People['users'][number]['dealsVisible'] = null,
) => ({
  id,
  name: `Person ${id}`,
  departmentIds,
  dealsVisible,
})

const company: People = {
  users: [
    person('boss', ['root']),
    person('head', ['sales']),
    person('anna', ['sales']),
    person('boris', ['field']),
    person('clerk', ['office']),
  ],
  departments: [
    { id: 'root', parentId: null, headId: 'boss' },
    { id: 'sales', parentId: 'root', headId: 'head' },
    { id: 'field', parentId: 'sales', headId: null },
    { id: 'office', parentId: 'root', headId: null },
  ],
  heads: {},
}

describe('who sees whom', () => {
  test('an employee sees himself, a head his departments and all below, an administrator everybody', () => {
    expect(viewerOf('anna', false, company)).toMatchObject({ role: 'employee', sees: ['anna'] })
    expect(viewerOf('head', false, company)).toMatchObject({ role: 'head', sees: ['head', 'anna', 'boris'] })
    expect(new Set(viewerOf('boss', false, company).sees)).toEqual(new Set(company.users.map(({ id }) => id)))
    expect(viewerOf('clerk', true, company)).toMatchObject({ role: 'admin' })
    expect(viewerOf('clerk', true, company).sees).toHaveLength(5)
  })

  test('settings name a head instead of the CRM', () => {
    const people = { ...company, heads: { sales: 'anna' } }
    expect(viewerOf('head', false, people)).toMatchObject({ role: 'employee', sees: ['head'] })
    expect(viewerOf('anna', false, people).sees).toEqual(['anna', 'head', 'boris'])
  })

  test('somebody the directory does not know yet sees himself', () => {
    expect(viewerOf('new', false, company)).toEqual({
      userId: 'new',
      name: 'new',
      role: 'employee',
      sees: ['new'],
      heads: [],
    })
  })

  test('nobody sees more than the CRM shows of deals', () => {
    const users = [
      person('head', ['sales'], 'own'),
      person('anna', ['sales'], 'group'),
      person('boris', ['office'], 'all'),
      person('clerk', ['sales'], 'none'),
    ]
    const people: People = {
      users,
      departments: [
        { id: 'sales', parentId: null, headId: null },
        { id: 'office', parentId: null, headId: null },
      ],
      heads: { sales: 'head', office: 'anna' },
    }
    expect(viewerOf('head', false, people).sees).toEqual(['head'])
    expect(viewerOf('anna', false, people).sees).toEqual(['anna'])
    expect(viewerOf('clerk', false, people).sees).toEqual([])
    expect(viewerOf('boris', false, people).sees).toEqual(['boris'])
  })

  test('whoever is named a head without the right to look is an employee here, too', () => {
    const departments = [
      { id: 'account', parentId: null, headId: null },
      { id: 'sales', parentId: 'account', headId: null },
      { id: 'field', parentId: 'account', headId: null },
    ]
    const users = [
      person('own', ['sales'], 'own'),
      person('group', ['sales'], 'group'),
      person('all', ['field'], 'all'),
    ]
    const named = (heads: Record<string, string>): People => ({ users, departments, heads })
    expect(viewerOf('own', false, named({ sales: 'own' }))).toMatchObject({ role: 'employee', sees: ['own'] })
    const over = viewerOf('group', false, named({ account: 'group', sales: 'group' }))
    expect(over).toMatchObject({ role: 'head', heads: ['sales'] })
    expect(new Set(over.sees)).toEqual(new Set(['own', 'group']))
    expect(viewerOf('all', false, named({ account: 'all' }))).toMatchObject({
      role: 'head',
      heads: ['account'],
    })
    expect(viewerOf('all', false, named({ account: 'all' })).sees).toHaveLength(3)
    expect(viewerOf('all', false, named({}))).toMatchObject({ role: 'employee', sees: ['all'] })
  })

  const rights = fc.constantFrom('all', 'group', 'own', 'none' as const)
  test('whatever settings say, nobody sees a person whose deals the CRM would not show', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('x', 'y'), rights), { minLength: 1, maxLength: 8 }),
        fc.dictionary(fc.constantFrom('account', 'x', 'y'), fc.nat({ max: 7 }).map(String)),
        (staff, heads) => {
          const users = staff.map(([group, right], index) => person(String(index), [group], right))
          const departments = ['account', 'x', 'y'].map(id => ({
            id,
            parentId: id === 'account' ? null : 'account',
            headId: null,
          }))
          for (const self of users)
            for (const seen of viewerOf(self.id, false, { users, departments, heads }).sees) {
              const other = users.find(({ id }) => id === seen)!
              const isShown = {
                all: true,
                group: other.departmentIds[0] === self.departmentIds[0],
                own: seen === self.id,
                none: false,
              }[self.dealsVisible as 'all']
              expect(isShown).toBe(true)
            }
        },
      ),
    )
  })

  const ids = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
  const anyCompany = fc.record({
    users: fc.uniqueArray(
      fc.record({
        id: ids,
        name: ids,
        departmentIds: fc.array(ids, { maxLength: 3 }),
        dealsVisible: fc.constant(null),
      }),
      { selector: ({ id }) => id },
    ),
    departments: fc.uniqueArray(fc.record({ id: ids, parentId: fc.option(ids), headId: fc.option(ids) }), {
      selector: ({ id }) => id,
    }),
    heads: fc.dictionary(ids, ids),
  })

  test('any tree, however it loops, gives an answer that includes oneself and knows no strangers', () => {
    fc.assert(
      fc.property(anyCompany, ids, fc.boolean(), (people, userId, isAdmin) => {
        const { sees } = viewerOf(userId, isAdmin, people)
        expect(new Set(sees).size).toBe(sees.length)
        expect(sees).toContain(userId)
        for (const id of sees) expect(id === userId || people.users.some(user => user.id === id)).toBe(true)
      }),
    )
  })

  test('whoever heads a department sees all that heads of departments below it see of their people', () => {
    fc.assert(
      fc.property(anyCompany, people => {
        const named = { ...people, heads: {} }
        for (const lower of named.departments)
          for (const upper of named.departments) {
            if (lower.parentId !== upper.id || !upper.headId) continue
            const above = new Set(viewerOf(upper.headId, false, named).sees)
            for (const user of named.users)
              if (user.departmentIds.includes(lower.id)) expect(above.has(user.id)).toBe(true)
          }
      }),
    )
  })

  test('an employee who heads nothing sees nobody else', () => {
    fc.assert(
      fc.property(anyCompany, ids, (people, userId) => {
        const headless = {
          ...people,
          heads: {},
          departments: people.departments.map(department => ({ ...department, headId: null })),
        }
        expect(viewerOf(userId, false, headless)).toMatchObject({ role: 'employee', sees: [userId] })
      }),
    )
  })
})
