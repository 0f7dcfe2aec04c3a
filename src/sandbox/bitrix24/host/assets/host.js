/**
 * The parent window: makes the application's frame, posts the first request into it and answers the
 * messages of the vendor's JavaScript SDK. A message is `command:params:callback:appSid`; the answer is
 * `callback:json`.
 */
;(() => {
  const SLIDER_PATHS =
    /^\/(crm\/(deal|lead|contact|company|type)|marketplace|company\/personal\/user\/[0-9]+|workgroups\/group\/[0-9]+)\//
  const root = document.documentElement

  for (const select of document.querySelectorAll('select[data-submit]'))
    select.addEventListener('change', () => {
      const url = new URL(location.href)
      url.searchParams.set(select.name, select.value)
      location.assign(url)
    })

  const post = async (path, body = {}) => {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status}`)
    return await response.json()
  }

  /** The portal's outermost window: somebody else's page may stand around it. */
  const outermost = () => {
    let at = window
    try {
      while (at.parent !== at && at.parent.document.documentElement.dataset.theme) at = at.parent
    } catch {
      // A page of another origin: not ours.
    }
    return at
  }

  /** Opens a portal page over this one; resolves when it is closed. In a slider the outermost window opens it. */
  const openSlider = url =>
    new Promise(resolve => {
      const top = outermost()
      const doc = top.document
      const cover = doc.createElement('div')
      cover.className = 'slider'
      const frame = doc.createElement('iframe')
      const address = new URL(url, location.origin)
      address.searchParams.set('IFRAME', 'Y')
      address.searchParams.set('IFRAME_TYPE', 'SIDE_SLIDER')
      frame.src = address.href
      frame.title = address.pathname
      frame.allow = 'fullscreen'
      const close = doc.createElement('button')
      close.className = 'slider-close'
      close.textContent = '✕'
      const onKey = event => {
        if (event.key === 'Escape') end()
      }
      const end = () => {
        doc.removeEventListener('keydown', onKey)
        cover.remove()
        resolve()
      }
      close.addEventListener('click', end)
      cover.addEventListener('click', event => {
        if (event.target === cover) end()
      })
      doc.addEventListener('keydown', onKey)
      cover.append(close, frame)
      doc.body.append(cover)
      close.focus()
    })

  document.addEventListener('click', event => {
    const link = event.target instanceof Element ? event.target.closest('a[data-slider], a[data-keep]') : null
    if (!link || event.metaKey || event.ctrlKey) return
    event.preventDefault()
    if (link.hasAttribute('data-slider')) openSlider(link.href)
    else {
      const url = new URL(link.href)
      if (document.body.classList.contains('slider-page')) url.searchParams.set('IFRAME', 'Y')
      location.assign(url)
    }
  })

  const startFrame = async (place, request) => {
    const { url, fields, windowName, appSid, init } = await post('/_host/frame', request)
    const origin = new URL(url).origin
    const frame = document.createElement('iframe')
    frame.name = windowName
    frame.title = 'application'
    frame.allow = 'fullscreen; clipboard-write'
    frame.className = 'application'
    place.replaceChildren(frame)
    const form = document.createElement('form')
    form.method = 'post'
    form.action = url
    form.target = windowName
    for (const [name, value] of Object.entries(fields)) {
      const input = document.createElement('input')
      input.type = 'hidden'
      input.name = name
      input.value = value
      form.append(input)
    }
    place.append(form)
    form.submit()
    form.remove()

    const setSize = ({ height }) => {
      if (!place.classList.contains('tall') && Number(height) > 0) frame.style.height = `${Number(height)}px`
      return { width: frame.clientWidth, height: frame.clientHeight }
    }
    const commands = {
      getInitData: () => init,
      setInstall: () => true,
      setInstallFinish: async () => {
        await post('/_host/install-finish')
        // The real portal reloads the frame to the application's page.
        setTimeout(() => location.assign('/'), 50)
        return true
      },
      refreshAuth: () => post('/_host/auth'),
      setAppOption: ({ name, value }) => post('/_host/option', { kind: 'app', name, value }),
      setUserOption: ({ name, value }) => post('/_host/option', { kind: 'user', name, value }),
      resizeWindow: setSize,
      reloadWindow: () => location.reload(),
      setTitle: ({ title }) => {
        const heading = document.getElementById('pagetitle')
        if (heading) heading.textContent = String(title)
        return true
      },
      setScroll: ({ scroll }) => window.scrollTo(0, Number(scroll) || 0),
      openApplication: params => openSlider(`/_placement/DEFAULT/?${new URLSearchParams(params)}`),
      closeApplication: () => outermost().document.querySelector('.slider .slider-close')?.click(),
      openPath: async ({ path }) => {
        const written = String(path ?? '')
        // The SDK leads with a path that fixes the width and climbs out of it again.
        const address = new URL(written, location.origin)
        if (!SLIDER_PATHS.test(written) && !SLIDER_PATHS.test(address.pathname))
          return { result: 'error', errorCode: 'PATH_NOT_AVAILABLE' }
        await openSlider(address.pathname + address.search)
        return { result: 'close' }
      },
      selectUser: async ({ mult }) => {
        const users = await (await fetch('/_host/users')).json()
        return mult ? users.slice(0, 1) : (users[0] ?? null)
      },
      selectAccess: () => [],
      selectCRM: () => ({}),
      imOpenMessenger: () => true,
      imOpenHistory: () => true,
      getInterface: () => ({ command: Object.keys(commands), event: [] }),
      placementBindEvent: () => true,
    }

    window.addEventListener('message', async event => {
      if (event.source !== frame.contentWindow || event.origin !== origin) return
      let command
      let params
      let callback
      let sid
      if (typeof event.data === 'string') {
        const parts = event.data.split(':')
        command = parts.shift()
        sid = parts.pop()
        callback = parts.pop()
        params = parts.join(':')
      } else if (event.data && typeof event.data === 'object') {
        ;({ method: command, params, callback, appSid: sid } = event.data)
      }
      if (sid !== appSid || !command) return
      let parsed = params || {}
      if (typeof params === 'string' && params) {
        try {
          parsed = JSON.parse(params)
        } catch {
          parsed = { value: params }
        }
      }
      const run = Object.hasOwn(commands, command)
        ? commands[command]
        : () => ({ result: 'error', errorCode: 'METHOD_NOT_SUPPORTED' })
      const answer = await run(parsed)
      event.source.postMessage(`${callback}:${JSON.stringify(answer ?? true)}`, origin)
    })
  }

  for (const place of document.querySelectorAll('[data-frame]')) {
    const request = place.parentElement.querySelector('.frame-request')
    startFrame(place, JSON.parse(request.textContent)).catch(error => {
      place.textContent = String(error)
      root.dataset.frameError = String(error)
    })
  }
})()
