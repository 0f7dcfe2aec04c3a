/** Words of the check of the score itself in English. */
export const theatreEn = {
  title: 'A check of the score itself',
  hint: 'once a quarter: do better results follow weeks with a higher score',
  soon: 'It comes with the next nightly count.',
  first: 'The first check is on {date}, thirteen weeks after the launch.',
  next: 'The next check is on {date}.',
  yes: '{period}: better results followed weeks with a higher score.',
  no: '{period}: it is not seen that better results follow weeks with a higher score.',
  unknown: '{period}: too little data to say.',
  noTwice:
    'So it is for the second quarter running: the score shows order in the CRM, but no use of it is seen.',
  propose:
    'We propose other weights: more for the parts whose weeks did go with better results. A person may take them, as a new version of the rules; scores then begin a new series.',
  nothing:
    'We propose no new weights: no part shows a link with the results. The metrics themselves are worth another look.',
  result: 'Result of the next week',
  effect: 'With a score 10 higher',
  people: 'People',
  weeks: 'Weeks',
  cases: 'Cases',
  showWeeks: 'Show the weeks that this is counted from',
  weeksOf: 'Weeks behind the last check: {result}',
  person: 'Person',
  week: 'Week of',
  score: 'Score',
  nextWeek: 'A week later',
  accuracyCases: '{good} of {n} deal | {good} of {n} deals',
  movesCases: '{good} in {n} deal-day | {good} in {n} deal-days',
  hidden:
    '{n} more week, of people whom you do not see, is counted but not shown. | {n} more weeks, of people whom you do not see, are counted but not shown.',
  noWeeks: 'The weeks of this check were not kept apart.',
  accuracy: 'Accuracy of dates',
  accuracyRule: 'share of won deals closed within 14 days of the date that stood 30 days before',
  accuracyEffect: '{value} pp ({low} to {high})',
  moves: 'Moves forward',
  movesRule: 'stages passed per 100 deal-days',
  movesEffect: '{value} ({low} to {high})',
  little: 'too little data',
  least:
    'An answer takes at least {people} people with {weeksEach} weeks each and {weeks} weeks of all of them, for the dates {won} won deals as well.',
  method:
    'A person’s week is held against the person’s own mean, not against other people, and the week after it is looked at. The interval of 90% comes from counting again without each person in turn. This is a link, not a proof of a cause.',
  pillar: 'Part of the score',
  now: 'Weight now',
  proposed: 'Proposed',
  earlier: 'Earlier checks',
}
