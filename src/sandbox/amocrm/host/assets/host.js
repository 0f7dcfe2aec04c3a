/**
 * The interface around the widget: loads its script by an AMD loader, gives it the widget API and calls its
 * callbacks in the order in which the real interface does.
 */
;(() => {
  const facts = JSON.parse(document.getElementById('host-facts').textContent)
  const $ = window.jQuery

  for (const select of document.querySelectorAll('select[data-submit]'))
    select.addEventListener('change', () => {
      const url = new URL(location.href)
      url.searchParams.set(select.name, select.value)
      location.assign(url)
    })

  const constants = {
    user: facts.user,
    account: facts.account,
    managers: facts.managers,
    user_theme: facts.user.theme,
  }
  window.APP = {
    lang_id: facts.account.language,
    data: {
      current_entity: facts.area === 'lcard' ? 'leads' : facts.area,
      ...(facts.card ? { current_card: { id: facts.card.id, model: { attributes: {} } } } : {}),
    },
    constant: name => constants[name],
    isCard: () => facts.card !== null,
    getBaseEntity: () => 'leads',
    getWidgetsArea: () => facts.area,
    notifications: {
      show_message: ({ header, text }) => console.info(header, text),
      show_message_error: ({ header, text }) => console.info(header, text),
      add_error: ({ header, text }) => console.info(header, text),
    },
  }
  if (!facts.widget) return

  const { widget } = facts
  const modules = { jquery: $ }
  let defined = null
  window.define = (...args) => {
    const factory = args.at(-1)
    const wanted = Array.isArray(args.at(-2)) ? args.at(-2) : []
    defined = factory(
      ...wanted.map(name => {
        if (!(name in modules)) throw new Error(`The interface has no module ${name}`)
        return modules[name]
      }),
    )
  }
  window.define.amd = {}

  const wordAt = key => key.split('.').reduce((at, step) => (at == null ? at : at[step]), widget.langs)

  /** What every widget inherits from the interface. */
  const api = {
    langs: widget.langs,
    params: {
      widget_code: widget.code,
      path: '/_widget',
      cdn_path: '/_widget',
      version: widget.version,
      ...widget.settings,
    },
    get_settings: () => ({
      ...widget.settings,
      widget_code: widget.code,
      path: '/_widget',
      version: widget.version,
      oauth_client_uuid: widget.clientUuid,
      active: 'Y',
      status: 'installed',
    }),
    set_settings: values => {
      Object.assign(widget.settings, values)
      $.ajax({
        url: '/_host/settings',
        method: 'POST',
        contentType: 'application/json',
        data: JSON.stringify(widget.settings),
      })
    },
    get_install_status: () => 'installed',
    get_version: () => widget.version,
    set_status: () => {},
    get_accounts_current: () => facts.account,
    i18n: key => wordAt(key) ?? key,
    system: () => ({
      area: facts.area,
      subdomain: facts.account.subdomain,
      domain: location.host,
      amouser_id: facts.user.id,
      amouser: facts.user.login,
    }),
    list_selected: () => ({ selected: [] }),
    render_template: ({ caption, body, render }) => {
      const place = $('#widgets_block')
      let block = $(`#${widget.code}`)
      if (!block.length) {
        block = $('<div class="card-widget"></div>').attr('id', widget.code).appendTo(place)
      }
      block
        .empty()
        .append(
          $('<div class="card-widget__caption"></div>')
            .addClass(caption?.class_name ?? '')
            .text(wordAt('widget.name') ?? widget.code),
        )
        .append($('<div class="card-widget__body"></div>').html((body ?? '') + (render ?? '')))
    },
    /** As `$.ajax`, with the one-time token that proves who asks. */
    $authorizedAjax: options => {
      const result = $.Deferred()
      $.ajax({ url: '/_host/one-time-token', method: 'POST' })
        .done(({ token }) => {
          $.ajax({ ...options, headers: { ...options.headers, 'X-Auth-Token': token } })
            .done((...args) => result.resolve(...args))
            .fail((...args) => result.reject(...args))
        })
        .fail((...args) => result.reject(...args))
      return result.promise()
    },
  }

  /** The form that the interface keeps for the widget: hidden fields, and a button that wakes when one changes. */
  const openSettings = callbacks => {
    const modal = $(`#widget_settings_block_${widget.code}`)
    const save = $('<button type="button" class="button js-widget-save" disabled></button>').text(
      modal.data('save') ?? 'Save',
    )
    for (const { name, type } of widget.fields ?? [])
      $('<input>', { type: type === 'custom' ? 'hidden' : 'text', name })
        .val(widget.settings[name] ?? '')
        .on('change', () => save.prop('disabled', false))
        .appendTo(modal)
    callbacks.settings(modal)
    save.appendTo(modal).on('click', async () => {
      const fields = Object.fromEntries(
        modal
          .find('input[name]')
          .get()
          .map(input => [input.name, input.value]),
      )
      if ((await callbacks.onSave({ active: 'Y', fields })) !== true) return
      api.set_settings(fields)
      save.prop('disabled', true)
    })
  }

  const start = instance => {
    const { callbacks } = instance
    const hasPlace =
      facts.page !== null || widget.locations.some(place => place.replace(/-[01]$/, '') === facts.area)
    if (!hasPlace) return
    // The interface may call render more than once before the rest.
    if (callbacks.render() !== true) return
    if (callbacks.render() !== true) return
    if (callbacks.init() !== true) return
    if (callbacks.bind_actions() !== true) return
    if (facts.page === 'settings') openSettings(callbacks)
    else if (facts.page === 'advanced') callbacks.advancedSettings()
    else if (facts.page) callbacks.initMenuPage(facts.page)
    let isGone = false
    const leave = () => {
      if (isGone) return
      isGone = true
      callbacks.destroy()
    }
    addEventListener('pagehide', leave)
    document.addEventListener('click', event => {
      const link = event.target instanceof Element ? event.target.closest('a[href]') : null
      if (link && !link.target && !event.ctrlKey && !event.metaKey) leave()
    })
  }

  const script = document.createElement('script')
  script.src = `/_widget/script.js?v=${encodeURIComponent(widget.version)}`
  script.addEventListener('load', () => {
    if (typeof defined !== 'function') throw new Error('The widget defined no function')
    const instance = Object.create(api)
    defined.call(instance)
    window.widgetUnderTest = instance
    start(instance)
  })
  document.body.append(script)
})()
