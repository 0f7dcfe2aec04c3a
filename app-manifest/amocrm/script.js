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
    var frames = []

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
    function askTicket(view, card) {
      return self.$authorizedAjax({
        url: base + '/ticket',
        method: 'POST',
        contentType: 'application/json',
        data: JSON.stringify({ view: view, card: card, language: language(), theme: userTheme() }),
      })
    }

    /** Shows our page once per place; the CRM may call render several times. */
    function mount($area, view, card, height) {
      if (!$area.length || $area.find('.planerka-frame').length) {
        return
      }
      var $note = $('<div class="planerka-note"></div>').text(self.i18n('state.loading'))
      $area.append($note)
      askTicket(view, card)
        .done(reply => {
          var $frame = $('<iframe class="planerka-frame"></iframe>')
            .attr('title', self.i18n('widget.name'))
            .attr(
              'src',
              base +
                '/widget#' +
                $.param({ ticket: reply.ticket, view: view, language: language(), theme: userTheme() }),
            )
            .css('height', height)
          $note.replaceWith($frame)
          frames.push($frame.get(0))
        })
        .fail(reply => {
          $note.text(
            self.i18n(reply.status === 401 || reply.status === 403 ? 'state.forbidden' : 'state.failed'),
          )
        })
    }

    /** The work area may appear a little after the callback; we look for it for a few seconds. */
    function mountPage(view) {
      var tries = 0
      var timer = setInterval(() => {
        var $area = $('#work-area-' + self.get_settings().widget_code)
        tries += 1
        if ($area.length || tries > 20) {
          clearInterval(timer)
          mount($area, view, null, 'calc(100vh - 65px)')
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
        askTicket(message.view, null).done(reply => {
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
        if (self.system().area === 'lcard' && APP.data && APP.data.current_card && APP.data.current_card.id) {
          mount(
            $('#planerka-card-' + self.get_settings().widget_code),
            'deal',
            APP.data.current_card.id,
            '220px',
          )
        }
        return true
      },
      settings: $modal => {
        $modal.find('.planerka-explain').remove()
        $modal.append($('<p class="planerka-explain"></p>').text(self.i18n('settings.explain')))
        return true
      },
      advancedSettings: () => {
        mountPage('settings')
        return true
      },
      initMenuPage: page => {
        mountPage(page?.subitem_code || 'overview')
        return true
      },
      onSave: () => true,
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
        $(window).off(namespace())
        frames.forEach(frame => {
          $(frame).remove()
        })
        frames = []
        return true
      },
    }
    return this
  })
