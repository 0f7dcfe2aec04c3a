/**
 * Planerka inside the CRM: a page in the left menu and in Settings, and a panel in the deal card.
 * The script only asks our server for a one-time ticket and shows our page in a frame; everything
 * that is counted is counted on the server.
 */
define(['jquery'], $ =>
  function () {
    var self = this
    var origin = '{{PUBLIC_URL}}'
    var base = origin + '/{{PLATFORM}}'
    /** Frames that are on the page now: only they are listened to. */
    var frames = []
    /** Waits for a work area that is not there yet. */
    var waiting = null

    /** Name that keeps our event handlers apart from everybody else's. */
    function namespace() {
      return '.planerka-' + self.get_settings().widget_code
    }

    function userTheme() {
      var user = APP.constant('user') || {}
      return user.theme === 'dark' ? 'dark' : 'light'
    }

    function language() {
      return self.i18n('language')
    }

    /** Asks for a ticket: the CRM adds the one-time token that proves who is asking. */
    function askTicket(request) {
      return self.$authorizedAjax({
        url: base + '/ticket',
        method: 'POST',
        contentType: 'application/json',
        data: JSON.stringify($.extend({ language: language(), theme: userTheme() }, request)),
      })
    }

    /**
     * A link in one of our messages names its screen in the fragment: #planerka=stale&level=red.
     * Without it the screen is the one that the menu names.
     */
    function screenFor(view) {
      var screen = { view: view, params: {} }
      var fragment = window.location.hash.slice(1)
      if (fragment.indexOf('planerka=') !== 0) {
        return screen
      }
      fragment.split('&').forEach(pair => {
        var name = pair.split('=')[0]
        var value = decodeURIComponent(pair.slice(name.length + 1).replace(/\+/g, ' '))
        if (name === 'planerka') {
          screen.view = value
        } else {
          screen.params[name] = value
        }
      })
      return screen
    }

    /** Shows our page once per place; the CRM may call render several times. */
    function mount($area, request, height) {
      if (!$area.length || $area.find('.planerka-frame, .planerka-note').length) {
        return
      }
      $area.find('.planerka-failed').remove()
      var $note = $('<div class="planerka-note"></div>').text(self.i18n('state.loading'))
      $area.append($note)
      askTicket(request)
        .done(reply => {
          var fragment = {
            ticket: reply.ticket,
            view: request.view,
            language: language(),
            theme: userTheme(),
          }
          var $frame = $('<iframe class="planerka-frame"></iframe>')
            .attr('title', self.i18n('widget.name'))
            .attr('src', base + '/widget#' + $.param(fragment))
            .css('height', height)
          $note.replaceWith($frame)
          // Pages that the CRM has thrown away took their frames with them.
          frames = frames.filter(item => document.contains(item))
          frames.push($frame.get(0))
        })
        .fail(reply => {
          $note
            .attr('class', 'planerka-failed')
            .text(
              self.i18n(reply.status === 401 || reply.status === 403 ? 'state.forbidden' : 'state.failed'),
            )
        })
    }

    /** The work area may appear a little after the callback; we look for it for a few seconds. */
    function mountPage(view, isHome) {
      var tries = 0
      var request = screenFor(view)
      // Where this page lives, so that links in messages lead to it.
      request.place = { path: window.location.pathname, isHome: isHome }
      clearInterval(waiting)
      waiting = setInterval(() => {
        var $area = $('#work-area-' + self.get_settings().widget_code)
        tries += 1
        if ($area.length || tries > 20) {
          clearInterval(waiting)
          mount($area, request, 'calc(100vh - 65px)')
        }
      }, 200)
    }

    /** Messages from our frame are data only: a height, an address inside the CRM, or a request for a ticket. */
    function onMessage(event) {
      var message = event.originalEvent.data
      var source = event.originalEvent.source
      var frame = frames.filter(item => item.contentWindow === source)[0]
      if (event.originalEvent.origin !== origin || !frame || !message || message.from !== 'planerka') {
        return
      }
      if (message.type === 'height' && message.height > 0) {
        $(frame).css('height', Math.min(Number(message.height), 2000) + 'px')
      }
      if (
        message.type === 'open' &&
        /^\/(leads|todo|settings|invoices|contacts|companies)\//.test(message.path)
      ) {
        window.open(message.path, '_blank', 'noopener')
      }
      if (message.type === 'ticket') {
        askTicket({ view: message.view }).done(reply => {
          source.postMessage({ to: 'planerka', type: 'ticket', ticket: reply.ticket }, origin)
        })
      }
    }

    /** Our style sheet, once, with the version in its address so that an update is seen. */
    function addStyle() {
      var settings = self.get_settings()
      var href = settings.path + '/style.css?v=' + settings.version
      if (!$('link[href="' + href + '"]').length) {
        $('head').append('<link rel="stylesheet" href="' + href + '">')
      }
    }

    /** Messages filed as tasks are written into the CRM, so an administrator agrees to them here first. */
    function addConsent($modal) {
      var $box = $('<div class="planerka-consent"></div>')
      var $choice = $('<input type="checkbox" class="planerka-consent-tasks">').prop('checked', agreed())
      $box.append($('<p></p>').text(self.i18n('settings.explain')))
      $box.append(
        $('<label></label>').append(
          $choice,
          $('<span></span>').text(self.i18n('settings.tasks')),
          $('<small></small>').text(self.i18n('settings.tasks_hint')),
        ),
      )
      $choice.on('change' + namespace(), () => {
        // The field that the CRM keeps for us; its change is what lets the form be saved.
        $modal
          .find('input[name="consent"]')
          .val($choice.prop('checked') ? '1' : '0')
          .trigger('change')
      })
      $modal.find('.planerka-consent').remove()
      $modal.append($box)
    }

    /** What was agreed to when the settings were saved last. */
    function agreed() {
      return String(self.get_settings().consent) === '1'
    }

    this.callbacks = {
      render: () => {
        if (self.system().area === 'lcard') {
          self.render_template({
            caption: { class_name: 'planerka-caption' },
            body: '',
            render:
              '<div class="planerka-card" id="planerka-card-' + self.get_settings().widget_code + '"></div>',
          })
        }
        return true
      },
      init: () => {
        addStyle()
        return true
      },
      bind_actions: () => {
        $(window)
          .off('message' + namespace())
          .on('message' + namespace(), onMessage)
        // A card that is being created has no id yet.
        if (self.system().area === 'lcard' && APP.data && APP.data.current_card && APP.data.current_card.id) {
          mount(
            $('#planerka-card-' + self.get_settings().widget_code),
            { view: 'deal', card: APP.data.current_card.id },
            '220px',
          )
        }
        return true
      },
      settings: $modal => {
        addConsent($modal)
        return true
      },
      advancedSettings: () => {
        mountPage('settings', false)
        return true
      },
      initMenuPage: page => {
        var view = page?.subitem_code || 'overview'
        mountPage(view, view === 'overview')
        return true
      },
      onSave: saved => {
        var $choice = $('.planerka-consent-tasks')
        var wanted = $choice.prop('checked') === true
        // Only a change is told, and only by a form that shows the choice and switches nothing off.
        if ($choice.length && wanted !== agreed() && !(saved && saved.active === 'N')) {
          askTicket({ view: 'settings', consent: { crmTasks: wanted } })
        }
        return true
      },
      dpSettings: () => true,
      leads: {
        selected: () => true,
      },
      contacts: {
        selected: () => true,
      },
      todo: {
        selected: () => true,
      },
      destroy: () => {
        clearInterval(waiting)
        $(window).off(namespace())
        $('.planerka-consent-tasks').off(namespace())
        frames.forEach(frame => {
          $(frame).remove()
        })
        frames = []
        return true
      },
    }
    return this
  })
