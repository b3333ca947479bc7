/*
 * What the pages can do without, but are better with: live parts, copying, the menu of
 * narrow screens, and headings within the cells of tables that become cards.
 */
'use strict';
{
  const EVERY = 4000;

  // The headings of a table, for its cells: a narrow screen shows no head.
  function labelCells(place) {
    for (const table of place.querySelectorAll('#result_list, table.console-table')) {
      const heads = Array.from(table.querySelectorAll('thead th'), (head) =>
        (head.querySelector('.text') || head).textContent.trim());
      for (const row of table.tBodies[0]?.rows || []) {
        Array.from(row.cells).forEach((cell, index) => {
          if (heads[index] && cell.scope !== 'row' && !cell.dataset.label) {
            cell.dataset.label = heads[index];
          }
        });
      }
    }
  }

  // data-copy="#id" copies that element's text, data-copy-text="..." this very text.
  async function copy(button) {
    const source = document.querySelector(button.dataset.copy || null);
    const text = source ? source.textContent : button.dataset.copyText || '';
    const before = button.textContent;
    await navigator.clipboard.writeText(text);
    button.dataset.done = '';
    button.textContent = button.dataset.copied || '✓';
    setTimeout(() => {
      delete button.dataset.done;
      button.textContent = before;
    }, 2000);
  }

  // data-download="#id" makes a file of that element's text, named data-name.
  function download(button) {
    const text = document.querySelector(button.dataset.download).textContent;
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([`${text}\n`], {type: 'text/plain'}));
    link.download = button.dataset.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  // What is shown once is not there any more when the browser goes back to the page.
  addEventListener('pagehide', () => {
    for (const each of document.querySelectorAll('[data-once]')) {
      each.textContent = each.dataset.once;
    }
  });

  // A part of the page that is fetched anew, unless paused, hidden or out of sight.
  class Live {
    constructor(root) {
      this.root = root;
      this.part = root.querySelector('.live-part');
      this.button = root.querySelector('.live-pause');
      this.state = root.querySelector('.live-state');
      this.news = root.querySelector('.live-news');
      this.shown = this.part.innerHTML;
      this.url = root.dataset.live;
      this.isPaused = sessionStorage.getItem('console.paused') === 'yes';
      this.button.addEventListener('click', () => this.toggle());
      root.querySelector('.live-bar').hidden = false;
      this.tell();
      setInterval(() => this.refresh(), EVERY);
    }

    toggle() {
      this.isPaused = !this.isPaused;
      sessionStorage.setItem('console.paused', this.isPaused ? 'yes' : 'no');
      this.tell();
      this.refresh();
    }

    tell(isLost = false) {
      const words = this.button.dataset;
      this.root.classList.toggle('is-paused', this.isPaused);
      this.root.classList.toggle('is-lost', isLost && !this.isPaused);
      this.button.textContent = this.isPaused ? words.resume : words.pause;
      this.state.textContent =
        this.isPaused ? words.paused : isLost ? words.lost : words.running;
    }

    async refresh() {
      if (this.isPaused || document.hidden || this.isBusy) {
        return;
      }
      this.isBusy = true;
      try {
        const reply = await fetch(this.url, {headers: {'X-Console-Fragment': '1'}});
        if (reply.redirected) {
          // The session has ended: the page itself leads to the login.
          location.reload();
        } else if (reply.ok && reply.headers.has('X-Console-Fragment')) {
          this.show(await reply.text());
          this.tell();
        } else {
          this.tell(true);
        }
      } catch {
        this.tell(true);
      } finally {
        this.isBusy = false;
      }
    }

    // Whatever is open stays open, and the focus stays where it was.
    show(html) {
      if (html === this.shown || this.isPaused) {
        return;
      }
      this.shown = html;
      const open = Array.from(this.part.querySelectorAll('details[open][id]'), (each) => each.id);
      const focused = this.part.contains(document.activeElement) && document.activeElement.id;
      this.part.innerHTML = html;
      open.forEach((id) => document.getElementById(id)?.setAttribute('open', ''));
      if (focused) {
        document.getElementById(focused)?.focus({preventScroll: true});
      }
      labelCells(this.part);
      const news = this.part.querySelector('[data-news]');
      if (news && this.news.textContent !== news.textContent) {
        this.news.textContent = news.textContent;
      }
    }
  }

  document.addEventListener('DOMContentLoaded', () => {
    document.body.classList.add('has-script');
    labelCells(document);
    if (matchMedia('(max-width: 767px)').matches) {
      document.querySelectorAll('#changelist-filter details').forEach((each) => {
        each.open = false;
      });
    }
    document.querySelectorAll('[data-live]').forEach((root) => new Live(root));
    document.addEventListener('click', (event) => {
      const button = event.target.closest('[data-copy], [data-copy-text]');
      if (button) {
        copy(button);
      }
      const file = event.target.closest('[data-download]');
      if (file) {
        download(file);
      }
    });
    const menu = document.querySelector('.menu-button');
    menu?.addEventListener('click', () => {
      const isOpen = document.getElementById('console-menu').classList.toggle('is-open');
      menu.setAttribute('aria-expanded', String(isOpen));
    });
  });

  // Django's widget to choose many, made when all has loaded, names a bare <span>.
  addEventListener('load', () => {
    document.querySelectorAll('span.search-label-icon').forEach((each) => {
      each.setAttribute('role', 'img');
    });
  });
}
