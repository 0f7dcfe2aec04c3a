const WORDS = {
  feed: ['Лента', 'Feed'],
  deals: ['Сделки', 'Deals'],
  kanban: ['Канбан', 'Kanban'],
  analytics: ['Аналитика', 'Analytics'],
  tasks: ['Задачи', 'Tasks'],
  company: ['Компания', 'Company'],
  market: ['Маркет', 'Market'],
  list: ['Список', 'List'],
  applications: ['Приложения', 'Applications'],
  install: ['Установить', 'Install'],
  installLead: [
    'Приложение запросит доступ к CRM, задачам, сотрудникам и уведомлениям.',
    'The application asks for access to the CRM, tasks, employees and notifications.',
  ],
  notInstalled: ['Приложение не установлено', 'The application is not installed'],
  stub: [
    'Приложение установлено не полностью. Обратитесь к администратору.',
    'The application is not fully installed. Ask your administrator.',
  ],
  installing: ['Установка приложения', 'Installing the application'],
  general: ['Общие', 'General'],
  stage: ['Стадия', 'Stage'],
  responsible: ['Ответственный', 'Responsible'],
  amount: ['Сумма', 'Amount'],
  created: ['Создана', 'Created'],
  deadline: ['Крайний срок', 'Deadline'],
  pipeline: ['Воронка', 'Pipeline'],
  timeline: ['Таймлайн', 'Timeline'],
  history: ['История стадий', 'Stage history'],
  nothing: ['Здесь пока пусто', 'Nothing here yet'],
  viewer: ['Смотрит', 'Viewing as'],
  light: ['Светлая', 'Light'],
  dark: ['Тёмная', 'Dark'],
  admin: ['администратор', 'administrator'],
  head: ['руководитель', 'head'],
  employee: ['сотрудник', 'employee'],
  notFound: ['Страница не найдена', 'Page not found'],
  close: ['Закрыть', 'Close'],
  search: ['Поиск сделки', 'Find a deal'],
  notifications: ['Уведомления', 'Notifications'],
  sandbox: ['Песочница', 'Sandbox'],
} as const

export type Word = keyof typeof WORDS

export const wordsIn =
  (language: 'ru' | 'en') =>
  (word: Word): string =>
    WORDS[word][language === 'ru' ? 0 : 1]
