import type { World } from './world.ts'

/** Departments with everybody in their subtree; a person may belong to several. */
export const teamMembers = (world: World): Map<string, string[]> => {
  const members = new Map<string, Set<string>>()
  for (const person of world.people.values())
    for (const departmentId of person.departmentIds) {
      const seen = new Set<string>()
      for (
        let id: string | null = departmentId;
        id !== null && !seen.has(id) && world.departments.has(id);
        id = world.departments.get(id)?.parentId ?? null
      ) {
        seen.add(id)
        const team = members.get(id)
        if (team === undefined) members.set(id, new Set([person.id]))
        else team.add(person.id)
      }
    }
  return new Map(
    [...members].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, team]) => [id, [...team].sort()]),
  )
}
