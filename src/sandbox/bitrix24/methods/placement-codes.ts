const CRM_ENTITIES = ['LEAD', 'DEAL', 'CONTACT', 'COMPANY', 'QUOTE', 'SMART_INVOICE']
const CRM_PLACES = [
  'LIST_MENU',
  'LIST_TOOLBAR',
  'DETAIL_TAB',
  'DETAIL_TOOLBAR',
  'DETAIL_ACTIVITY',
  'ACTIVITY_TIMELINE_MENU',
]

const BY_SCOPE: Record<string, readonly string[]> = {
  basic: ['LEFT_MENU', 'REST_APP_URI', 'PAGE_BACKGROUND_WORKER'],
  crm: [
    'CRM_ANALYTICS_MENU',
    'CRM_ANALYTICS_TOOLBAR',
    'CRM_FUNNELS_TOOLBAR',
    ...CRM_ENTITIES.flatMap(entity => CRM_PLACES.map(place => `CRM_${entity}_${place}`)),
  ],
  task: [
    'TASK_VIEW_TAB',
    'TASK_VIEW_SIDEBAR',
    'TASK_VIEW_TOP_PANEL',
    'TASK_LIST_CONTEXT_MENU',
    'TASK_USER_LIST_TOOLBAR',
    'TASK_GROUP_LIST_TOOLBAR',
  ],
  user: ['USER_PROFILE_MENU', 'USER_PROFILE_TOOLBAR'],
}

/** Placements that the scopes open; null = all there are. */
export const placementCodes = (scopes: readonly string[] | null): string[] =>
  Object.entries(BY_SCOPE).flatMap(([scope, codes]) =>
    scopes === null || scope === 'basic' || scopes.includes(scope) ? [...codes] : [],
  )
