/** Words about today's message, the consent to tasks and the Telegram chat, in English. */
export const messagesEn = {
  today: { title: 'For today' },
  consent: {
    title: 'Morning messages',
    text: 'The digest is here, in Planerka. For people to see it in the CRM, too, we can file it as a task: one open task a person, yesterday’s is closed for them. A task is written into the CRM, so we do not do it without your consent.',
    allowed:
      'You have allowed the digest as CRM tasks. Everybody can choose another channel in their own settings.',
    allow: 'Allow tasks',
    forbid: 'Stop filing them',
  },
  telegram: {
    hint: 'Messages will come to your own chat with the bot. The link works once.',
    linked: 'The chat is linked. Unlink it here, or by /stop in the bot.',
    link: 'Link Telegram',
    unlink: 'Unlink',
    open: 'Open the bot and press Start',
    waiting: 'Waiting. The link works until {time}.',
    failed: 'That did not work: {reason}',
  },
}
