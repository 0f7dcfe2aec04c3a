import { createMemoryHistory, createRouter, type RouteLocationRaw, type Router } from 'vue-router'
import type { Me } from '../http/api-schema.ts'
import Overview from './screens/overview/OverviewScreen.vue'

/**
 * Memory history: the fragment of the frame's address carries the ticket, and a reload of the document
 * would lose what the CRM posted.
 */
export const createRoutes = (start: RouteLocationRaw): Router => {
  const history = createMemoryHistory()
  const router = createRouter({
    history,
    routes: [
      { path: '/overview', name: 'overview', component: Overview },
      { path: '/people', name: 'people', component: () => import('./screens/people/PeopleScreen.vue') },
      {
        path: '/employee/:id',
        name: 'employee',
        component: () => import('./screens/employee/EmployeeScreen.vue'),
      },
      {
        path: '/stale',
        name: 'stale',
        component: () => import('./screens/stale-deals/StaleDealsScreen.vue'),
      },
      { path: '/process', name: 'process', component: () => import('./screens/process/ProcessScreen.vue') },
      { path: '/rollout', name: 'rollout', component: () => import('./screens/rollout/RolloutScreen.vue') },
      {
        path: '/catalogue',
        name: 'catalogue',
        component: () => import('./screens/catalogue/CatalogueScreen.vue'),
      },
      {
        path: '/settings/:section?',
        name: 'settings',
        component: () => import('./screens/settings/SettingsScreen.vue'),
      },
      { path: '/deal/:id', name: 'deal', component: () => import('./screens/deal/DealScreen.vue') },
      { path: '/sync', name: 'sync', component: () => import('./screens/first-sync/FirstSyncScreen.vue') },
      { path: '/:rest(.*)*', redirect: '/overview' },
    ],
  })
  // The router goes to the history's place when it is installed.
  history.replace(router.resolve(start).fullPath)
  return router
}

const VIEWS = new Set([
  'overview',
  'people',
  'employee',
  'stale',
  'process',
  'rollout',
  'catalogue',
  'settings',
  'deal',
  'sync',
])

/** Where the viewer lands: the placement's wish, else the screen of the role. */
export const startRoute = (me: Me): RouteLocationRaw => {
  if (!me.hasSnapshot) return { name: 'sync' }
  const home: RouteLocationRaw =
    me.role === 'employee' ? { name: 'employee', params: { id: me.userId } } : { name: 'overview' }
  const { view, params } = me.start
  const [name = '', idInView] = view.split('/')
  if (!VIEWS.has(name) || name === 'sync') return home
  if (name === 'overview' && me.role === 'employee') return home
  const { id = idInView, section, ...query } = params
  if (name === 'employee') return { name, params: { id: id ?? me.userId }, query }
  if (name === 'deal') return id === undefined ? home : { name, params: { id }, query }
  return name === 'settings'
    ? { name, params: section === undefined ? {} : { section }, query }
    : { name, query }
}
