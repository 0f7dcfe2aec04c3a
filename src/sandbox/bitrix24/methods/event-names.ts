const BY_SCOPE: Record<string, readonly string[]> = {
  basic: [
    'ONAPPUNINSTALL',
    'ONAPPINSTALL',
    'ONAPPUPDATE',
    'ONAPPPAYMENT',
    'ONAPPTEST',
    'ONAPPMETHODCONFIRM',
    'ONSUBSCRIPTIONRENEW',
    'ONOFFLINEEVENT',
  ],
  crm: [
    ...[
      'LEAD',
      'DEAL',
      'CONTACT',
      'COMPANY',
      'ACTIVITY',
      'TIMELINECOMMENT',
      'DYNAMICITEM',
      'TYPE',
      'QUOTE',
    ].flatMap(entity => ['ADD', 'UPDATE', 'DELETE'].map(verb => `ONCRM${entity}${verb}`)),
    'ONCRMDEALMOVETOCATEGORY',
    'ONCRMDEALUSERFIELDADD',
    'ONCRMDEALUSERFIELDUPDATE',
    'ONCRMDEALUSERFIELDDELETE',
    'ONCRMDEALUSERFIELDSETENUMVALUES',
    'ONCRMDYNAMICITEMADD_31',
    'ONCRMDYNAMICITEMUPDATE_31',
    'ONCRMDYNAMICITEMDELETE_31',
    'ONCRMTYPEUSERFIELDADD',
    'ONCRMTYPEUSERFIELDUPDATE',
    'ONCRMTYPEUSERFIELDDELETE',
    'ONCRMTYPEUSERFIELDSETENUMVALUES',
  ],
  task: ['ONTASKADD', 'ONTASKUPDATE', 'ONTASKDELETE', 'ONTASKCOMMENTADD'],
  user: ['ONUSERADD'],
  calendar: ['ONCALENDARENTRYADD', 'ONCALENDARENTRYUPDATE', 'ONCALENDARENTRYDELETE'],
}

/** Events that the scopes open; null = all there are. */
export const eventNames = (scopes: readonly string[] | null): string[] =>
  Object.entries(BY_SCOPE).flatMap(([scope, names]) =>
    scopes === null || scope === 'basic' || scopes.includes(scope) ? [...names] : [],
  )
