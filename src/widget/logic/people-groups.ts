import type { Me, PersonView } from '../../http/api-schema.ts'

/** More people than this are folded by department. */
const FOLD_OVER = 25

export type PeopleGroup = { id: string; name: string; people: PersonView[]; isFoldable: boolean }

export const groupPeople = (
  people: readonly PersonView[],
  departments: Me['departments'],
  allName: string,
): PeopleGroup[] => {
  if (people.length <= FOLD_OVER)
    return [{ id: 'all', name: allName, people: [...people], isFoldable: false }]
  const names = new Map(departments.map(({ id, name }) => [id, name]))
  const groups = new Map<string, PeopleGroup>()
  for (const person of people) {
    const id = person.departmentId ?? ''
    const group = groups.get(id) ?? { id, name: names.get(id) ?? allName, people: [], isFoldable: true }
    group.people.push(person)
    groups.set(id, group)
  }
  return [...groups.values()].sort((a, b) => a.name.localeCompare(b.name))
}

/** The department and everything below it. */
export const branchOf = (departments: Me['departments'], id: string): Set<string> => {
  const branch = new Set([id])
  let before = 0
  while (before !== branch.size) {
    before = branch.size
    for (const department of departments)
      if (department.parentId !== null && branch.has(department.parentId)) branch.add(department.id)
  }
  return branch
}
