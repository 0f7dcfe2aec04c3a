import { DAY, HOUR } from '../../clock.ts'
import { addUser } from '../bitrix24/people.ts'
import type { Portal } from '../bitrix24/state/portal.ts'
import type { Persona } from './personas.ts'

export type Team = 'sales' | 'key' | 'service' | 'purchasing'
type Role = {
  first: string
  last: string
  gender: 'M' | 'F'
  position: string
  persona: Persona['name']
  gone?: true
}

export type Employee = { id: number; persona: Persona['name']; isGone: boolean; isHead: boolean }
export type Company = { robotId: number; adminId: number; teams: Record<Team, Employee[]> }

const person = (
  first: string,
  last: string,
  gender: 'M' | 'F',
  position: string,
  persona: Persona['name'],
): Role => ({ first, last, gender, position, persona })

const TEAMS: Record<Team, { name: string; people: Role[] }> = {
  sales: {
    name: 'Отдел продаж',
    people: [
      person('Марина', 'Ковалёва', 'F', 'Руководитель отдела продаж', 'adopter'),
      person('Алексей', 'Белов', 'M', 'Менеджер по продажам', 'adopter'),
      person('Ирина', 'Захарова', 'F', 'Менеджер по продажам', 'adopter'),
      person('Павел', 'Громов', 'M', 'Менеджер по продажам', 'average'),
      person('Ольга', 'Филатова', 'F', 'Менеджер по продажам', 'average'),
      person('Сергей', 'Титов', 'M', 'Старший менеджер по продажам', 'refuser'),
      person('Дарья', 'Мельникова', 'F', 'Менеджер по продажам', 'monday'),
      person('Роман', 'Щукин', 'M', 'Менеджер по продажам', 'monday'),
      { ...person('Кирилл', 'Носов', 'M', 'Менеджер по продажам', 'refuser'), gone: true },
    ],
  },
  key: {
    name: 'Отдел ключевых клиентов',
    people: [
      person('Андрей', 'Лебедев', 'M', 'Руководитель отдела ключевых клиентов', 'average'),
      person('Наталья', 'Воронцова', 'F', 'Менеджер ключевых клиентов', 'adopter'),
      person('Игорь', 'Самойлов', 'M', 'Менеджер ключевых клиентов', 'average'),
      person('Юлия', 'Крылова', 'F', 'Менеджер ключевых клиентов', 'average'),
      person('Вадим', 'Ершов', 'M', 'Менеджер ключевых клиентов', 'refuser'),
    ],
  },
  service: {
    name: 'Сервисный отдел',
    people: [
      person('Тимур', 'Гарипов', 'M', 'Руководитель сервисного отдела', 'average'),
      person('Елена', 'Шестакова', 'F', 'Диспетчер сервиса', 'adopter'),
      person('Максим', 'Рябов', 'M', 'Сервисный инженер', 'average'),
      person('Артём', 'Лосев', 'M', 'Сервисный инженер', 'monday'),
      person('Глеб', 'Панин', 'M', 'Сервисный инженер', 'refuser'),
    ],
  },
  purchasing: {
    name: 'Отдел закупок',
    people: [
      person('Светлана', 'Абрамова', 'F', 'Руководитель отдела закупок', 'adopter'),
      person('Михаил', 'Костин', 'M', 'Менеджер по закупкам', 'average'),
      person('Анна', 'Прохорова', 'F', 'Менеджер по закупкам', 'average'),
      person('Евгений', 'Зотов', 'M', 'Менеджер по закупкам', 'refuser'),
    ],
  },
}

/** Twenty-five people in four departments, and the account that robots write under. */
export const hirePeople = (portal: Portal, now: number): Company => {
  const registered = now - 500 * DAY
  const admin = addUser(portal, {
    name: 'Денис',
    lastName: 'Орлов',
    gender: 'M',
    position: 'Системный администратор',
    departments: [1],
    isAdmin: true,
    email: 'd.orlov@severny-kontur.example',
    registered,
  })
  const director = addUser(portal, {
    name: 'Виктор',
    lastName: 'Соколов',
    gender: 'M',
    position: 'Генеральный директор',
    departments: [1],
    email: 'v.sokolov@severny-kontur.example',
    registered,
  })
  portal.departments.add({ name: portal.title, sort: 100, parentId: null, headId: director.id })
  const teams = {} as Record<Team, Employee[]>
  for (const [key, team] of Object.entries(TEAMS) as [Team, (typeof TEAMS)[Team]][]) {
    const department = portal.departments.add({
      name: team.name,
      sort: 200 + portal.departments.lastId * 100,
      parentId: 1,
      headId: null,
    })
    teams[key] = team.people.map((role, index) => {
      const isGone = role.gone === true
      const user = addUser(portal, {
        name: role.first,
        lastName: role.last,
        gender: role.gender,
        position: role.position,
        departments: [department.id],
        email: `user${portal.users.lastId + 1}@severny-kontur.example`,
        isActive: !isGone,
        registered,
        lastLogin: isGone ? now - 40 * DAY : role.persona === 'refuser' ? now - 4 * DAY : now - 3 * HOUR,
        lastActivity: isGone ? now - 40 * DAY : role.persona === 'refuser' ? now - 2 * DAY : now - HOUR,
      })
      if (index === 0) department.headId = user.id
      return { id: user.id, persona: role.persona, isGone, isHead: index === 0 }
    })
  }
  const robot = addUser(portal, {
    name: 'Робот',
    lastName: 'Бизнес-процессов',
    position: '',
    isSystem: true,
    registered,
  })
  return { robotId: robot.id, adminId: admin.id, teams }
}
