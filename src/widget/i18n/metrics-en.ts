import type { fixesRu, fixHintsRu, metricsRu } from './metrics-ru.ts'

export const metricsEn: typeof metricsRu = {
  score: {
    name: 'Score',
    rule: 'Points of five parts: rhythm 12, work in the CRM 25, pipeline 33, completeness 15, process 15. Each working day counts by itself, then the week is averaged.',
    of: '{n} of {d}',
  },
  coverage: {
    name: 'Score coverage',
    rule: 'Share of the weights that could be measured. Below 60% there is no score.',
    of: '{n} of {d}',
  },
  M01: {
    name: 'Active days',
    rule: "Days with a customer touch or edits in three different deals, divided by the person's working days.",
    of: '{n} of {d} working days',
  },
  M02: {
    name: 'Even rhythm',
    rule: 'How evenly the work spreads over the week: 1 is even, 0 is all on one day. Distinct deals, not saves.',
    of: '{n} of {d}',
  },
  M03: {
    name: 'Recording without delay',
    rule: 'Median working hours from the event (call, payment, invoice) to its record in the CRM.',
    of: '{n} h over {d} events',
  },
  M03_retro: {
    name: 'Deals entered afterwards',
    rule: 'New deals created after their first invoice or closed within an hour, divided by all new ones. Deals of an import do not count.',
    of: '{n} of {d} new deals',
  },
  M04: {
    name: 'Breadth of work',
    rule: 'Kinds of records a person keeps, out of those expected for the role.',
    of: '{n} of {d} kinds',
  },
  M05: {
    name: 'Money with a deal',
    rule: 'Value of invoices linked to a deal by their issue date, divided by all invoices.',
    of: '{n} of {d} invoiced',
  },
  M06: {
    name: 'Deal equals its invoices',
    rule: 'Deals with invoices whose amount differs from them by 5% at most. For a won deal we look at the amount 7 days before the close, too: an edit in the last week does not count.',
    of: '{n} of {d} deals',
  },
  M07: {
    name: 'Calls attached',
    rule: 'Calls of 30 seconds and more bound to an open deal within a working day, divided by all such calls.',
    of: '{n} of {d} calls',
  },
  M08: {
    name: 'Tasks in the CRM',
    rule: 'Tasks of sales people bound to a CRM record, divided by all their tasks.',
    of: '{n} of {d} tasks',
  },
  M09: {
    name: 'Next step set',
    rule: 'Deal-days with a future step, divided by all days of open deals.',
    of: '{n} of {d} deal-days',
  },
  M10: {
    name: 'Next-step quality',
    rule: 'Specific steps with a sensible date that ended in a touch or a move, divided by those due.',
    of: '{n} of {d} steps',
  },
  M11: {
    name: 'Overdue steps',
    rule: 'Overdue days of all steps divided by days of open deals. Closing everything the day before does not help: duration counts.',
    of: '{n} overdue days of {d} deal-days',
  },
  M12: {
    name: 'Postponements',
    rule: 'Deadline moves without a customer touch, divided by deadlines reached.',
    of: '{n} of {d} deadlines',
  },
  M13: {
    name: 'Stale value',
    rule: 'Average value of red deals over the week, divided by all open value.',
    of: '{n} of {d}',
  },
  M13_dead: {
    name: 'Dead layer',
    rule: 'Value of deals without a move or a touch for over a year, divided by all open value.',
    of: '{n} of {d}',
  },
  M14: {
    name: 'Silence',
    rule: 'Median working days since the last two-way contact, over open deals.',
    of: '{n} days over {d} deals',
  },
  M15: {
    name: 'Close dates in the past',
    rule: 'Value of open deals whose close date has passed, divided by all open value.',
    of: '{n} of {d}',
  },
  M15_pushes: { name: 'Close-date pushes', rule: 'Pushes per deal.', of: '{n} per {d} deals' },
  M15_month_end: {
    name: 'Pushes across month end',
    rule: 'Close-date pushes into the next month, divided by all pushes.',
    of: '{n} of {d} pushes',
  },
  M15_accuracy: {
    name: 'Close-date accuracy',
    rule: 'Deals closed within 14 days of the date set 30 days earlier.',
    of: '{n} of {d} deals',
  },
  M16: {
    name: 'First response in 30 minutes',
    rule: 'New leads answered within 30 working minutes, divided by all new ones. Days away and deals of an import do not count.',
    of: '{n} of {d} leads',
  },
  M17: {
    name: 'Critical fields',
    rule: 'Critical fields filled, divided by those due at the stage. A placeholder fills nothing.',
    of: '{n} of {d} fields',
  },
  M18: {
    name: 'Junk fill',
    rule: 'Placeholder and repeated values, divided by all filled ones.',
    of: '{n} of {d} values',
  },
  M19: {
    name: 'Loss reasons',
    rule: 'Lost deals with a specific reason and at least one touch, divided by all lost. The two weeks of amnesty do not count.',
    of: '{n} of {d} lost',
  },
  M20: {
    name: 'On the designed road',
    rule: 'How closely the path follows the design: a skip or a return costs 1, a foreign pipeline 2.',
    of: '{n} of {d}',
  },
  M21: {
    name: 'Skips and returns',
    rule: 'Skipped stages and moves back, per stage. Moves by robots do not count.',
    of: '{n} of {d}',
  },
  M21_skips: {
    name: 'Skipped stages',
    rule: 'Stages passed in under two minutes, divided by all passages.',
    of: '{n} of {d} passages',
  },
  M21_returns: { name: 'Returns', rule: 'Moves back divided by all moves.', of: '{n} of {d} moves' },
  M22: {
    name: 'Stage surfing',
    rule: 'Deals with three forward moves in a day and no touch, divided by all moved. Moves by robots do not count.',
    of: '{n} of {d} deals',
  },
  M23: {
    name: 'Stage evidence',
    rule: 'Deal-days on stages whose proof (document, invoice, meeting, payment) was there before the move or within a day, divided by all such days.',
    of: '{n} of {d} deal-days',
  },
  M24: {
    name: 'Hand-overs',
    rule: 'Owner changes after which the new owner touched the deal within 2 working days.',
    of: '{n} of {d} hand-overs',
  },
  M25: {
    name: 'Author unknown',
    rule: 'Moves without a known author, divided by all moves.',
    of: '{n} of {d} moves',
  },
  M26: {
    name: 'Tidied before the planerka',
    rule: 'Deals edited (moved, fields saved, a step set) only in the hours before the planerka, against the usual share. Saves of fields count where the CRM told who made them.',
    of: '{n} of {d} deals',
  },
  M27: {
    name: 'Bulk edits',
    rule: 'Deals changed (stage, fields, a step set) in runs of over eight in 10 minutes without a touch, divided by all changed. Saves of fields count where the CRM told who made them.',
    of: '{n} of {d} deals',
  },
  M28: {
    name: 'Ghost touches',
    rule: 'Repeated short calls and tasks closed within 5 minutes, divided by all touches.',
    of: '{n} of {d} touches',
  },
  M29: {
    name: 'Period-end bunching',
    rule: 'Rises of the last two working days of the month that were taken back within 10 days, beyond the usual share. Deals that last never count.',
    of: '{n} of {d} rises',
  },
  M30: {
    name: 'Fields in use',
    rule: 'Share of fields that are really used: filled in 60% of deals, without junk, written by half of the team.',
    of: '{n} of {d} fields',
  },
  M31: {
    name: 'Stages in use',
    rule: 'Share of stages that people bring deals to and that deals really stay on; moves by robots do not count. Stages younger than 30 days do not count.',
    of: '{n} of {d} stages',
  },
  M32: {
    name: 'Customisation load',
    rule: 'Customisations weighted by the share unused, per pipeline.',
    of: '{n} of {d}',
  },
  M33: { name: 'Three views', rule: 'Distance between the head, the staff and the log.', of: '{n} of {d}' },
  M34: { name: "Head's cadence", rule: 'Planerkas held divided by planned.', of: '{n} of {d} planerkas' },
  M35: {
    name: 'Automation savings',
    rule: 'Hours a month that robots took off people: without results thrown away, checking and repair, at most a quarter of working time.',
    of: '{n} h for {d} runs',
  },
  M36: { name: 'Launch readiness', rule: 'Must-have items done divided by all.', of: '{n} of {d} items' },
}

export const fixesEn: typeof fixesRu = {
  M01: 'Work on deals every day',
  M02: 'Handle {n} deal before the last day | Handle {n} deals before the last day',
  M03: 'Record {n} event on its own day | Record {n} events on their own day',
  M05: 'Link {n} invoice to a deal | Link {n} invoices to deals',
  M06: 'Match {n} deal with its invoices | Match {n} deals with their invoices',
  M07: 'Attach the calls of {n} deal | Attach the calls of {n} deals',
  M09: 'Set the next step in {n} deal | Set the next step in {n} deals',
  M11: 'Clear overdue steps in {n} deal | Clear overdue steps in {n} deals',
  M13: 'Decide on {n} red deal | Decide on {n} red deals',
  M15: 'Correct the close date of {n} deal | Correct the close dates of {n} deals',
  M16: 'Answer {n} new lead | Answer {n} new leads',
  M17: 'Fill the critical fields of {n} deal | Fill the critical fields of {n} deals',
  M19: 'Give the loss reason of {n} deal | Give the loss reasons of {n} deals',
  M20: 'Bring {n} deal back on the road | Bring {n} deals back on the road',
  M23: 'Attach the stage evidence of {n} deal | Attach the stage evidence of {n} deals',
  other: 'Put {n} deal right | Put {n} deals right',
}

export const fixHintsEn: typeof fixHintsRu = {
  M01: 'an hour after a touch beats the eve of the planerka',
  M02: 'one a day rather than all at once',
  M03: 'half a minute right after the call',
  M05: 'an invoice without a deal is not in the pipeline',
  M06: 'the amount must equal the invoice',
  M07: 'nobody sees a call without a deal',
  M09: 'a date and the thing you will do',
  M11: 'do it, move it after a talk, or drop it',
  M13: 'closing as lost is a decision too',
  M15: 'first the call, then the date',
  M16: 'after 30 minutes half as many answer',
  M17: 'only the fields decisions are made by',
  M19: 'an honest reason never lowers the score',
  M20: 'a skipped stage can be passed now',
  M23: 'a document, invoice or payment that exists',
  other: 'in the deal cards',
}
