const WORDS = {
  desktop: ['Рабочий стол', 'Dashboard'],
  leads: ['Сделки', 'Leads'],
  tasks: ['Задачи', 'Tasks'],
  stats: ['Аналитика', 'Stats'],
  settings: ['Настройки', 'Settings'],
  integrations: ['Интеграции', 'Integrations'],
  people: ['Пользователи', 'Users'],
  invoice: ['Счёт', 'Invoice'],
  install: ['Установить', 'Install'],
  disable: ['Отключить', 'Turn off'],
  save: ['Сохранить', 'Save'],
  installed: ['Установлена', 'Installed'],
  agree: [
    'Я согласен с передачей данных аккаунта этой интеграции.',
    'I agree that the data of the account is given to this integration.',
  ],
  notInstalled: ['Интеграция не установлена', 'The integration is not installed'],
  noArchive: ['Архив виджета не загружен', 'No widget archive is uploaded'],
  stage: ['Этап', 'Stage'],
  responsible: ['Ответственный', 'Responsible'],
  amount: ['Бюджет', 'Sale'],
  created: ['Создана', 'Created'],
  due: ['Срок', 'Due'],
  text: ['Текст', 'Text'],
  pipeline: ['Воронка', 'Pipeline'],
  feed: ['Лента', 'Feed'],
  nothing: ['Здесь пока пусто', 'Nothing here yet'],
  viewer: ['Смотрит', 'Viewing as'],
  light: ['Светлая', 'Light'],
  dark: ['Тёмная', 'Dark'],
  admin: ['администратор', 'administrator'],
  head: ['руководитель', 'head'],
  employee: ['сотрудник', 'employee'],
  notFound: ['Страница не найдена', 'Page not found'],
  sandbox: ['Песочница', 'Sandbox'],
  authorise: ['Доступ к аккаунту', 'Access to the account'],
  authoriseLead: ['просит доступ к данным аккаунта', 'asks for access to the data of the account'],
  allow: ['Разрешить', 'Allow'],
  decline: ['Отмена', 'Cancel'],
  done: ['Выполнена', 'Done'],
  tags: ['Теги', 'Tags'],
} as const

export type Word = keyof typeof WORDS

export const wordsIn =
  (language: 'ru' | 'en') =>
  (word: Word): string =>
    WORDS[word][language === 'ru' ? 0 : 1]
