import { describe, expect, test } from 'vitest'
import { proposedHeads } from '../../src/installations/proposed-heads.ts'
import { type People, viewerOf } from '../../src/installations/visibility.ts'

type Right = 'all' | 'group' | 'own'
const person = (id: string, group: string, dealsVisible: Right, more: object = {}) => ({
  id,
  name: id,
  departmentIds: [group],
  dealsVisible,
  isActive: true,
  isAdmin: false,
  ...more,
})
const groups = [
  { id: 'account', parentId: null, headId: null },
  { id: 'sales', parentId: 'account', headId: null },
  { id: 'field', parentId: 'account', headId: null },
]

describe('heads that the rights tell', () => {
  test('who alone sees the group heads it, who sees everything stands over all', () => {
    const users = [
      person('director', 'office', 'all'),
      person('gleb', 'sales', 'group'),
      person('anna', 'sales', 'own'),
      person('boris', 'sales', 'own'),
    ]
    expect(proposedHeads(users, groups, {})).toEqual([
      { departmentId: 'account', userIds: ['director'], why: 'all' },
      { departmentId: 'sales', userIds: ['gleb'], why: 'group' },
    ])
  })

  test('several who see the group are offered to choose from; where everybody does, nobody is', () => {
    const users = [
      person('a', 'sales', 'group'),
      person('b', 'sales', 'group'),
      person('c', 'sales', 'own'),
      person('d', 'field', 'group'),
      person('e', 'field', 'group'),
    ]
    expect(proposedHeads(users, groups, {})).toEqual([
      { departmentId: 'sales', userIds: ['a', 'b'], why: 'group' },
    ])
  })

  test('an administrator of the group is proposed last, and people who left never', () => {
    const users = [
      person('gone', 'sales', 'group', { isActive: false }),
      person('admin', 'sales', 'all', { isAdmin: true }),
      person('anna', 'sales', 'own'),
      person('alone', 'field', 'own'),
    ]
    expect(proposedHeads(users, groups, {})).toEqual([
      { departmentId: 'sales', userIds: ['admin'], why: 'admin' },
    ])
  })

  test('what settings or the CRM say already is not proposed again', () => {
    const users = [person('gleb', 'sales', 'group'), person('anna', 'sales', 'own')]
    expect(proposedHeads(users, groups, { sales: 'anna' })).toEqual([])
    const known = [{ id: 'sales', parentId: null, headId: 'anna' }]
    expect(proposedHeads(users, known, {})).toEqual([])
  })

  test('a proposal shows nothing to anybody until it is accepted, and then only what the CRM shows', () => {
    const users = [person('gleb', 'sales', 'group'), person('anna', 'sales', 'own')]
    const people = (heads: Record<string, string>): People => ({ users, departments: groups, heads })
    expect(viewerOf('gleb', false, people({})).sees).toEqual(['gleb'])
    const accepted = Object.fromEntries(
      proposedHeads(users, groups, {}).map(({ departmentId, userIds }) => [departmentId, userIds[0]!]),
    )
    expect(viewerOf('gleb', false, people(accepted)).sees).toEqual(['gleb', 'anna'])
  })
})
