// Plays one camera: fragments over a WebSocket into Media Source Extensions, as close to now as they come. Where that is not to
// be had it falls back to HLS, if the browser plays that by itself, and then to one still after the other.
'use strict';

const video = document.querySelector('video');
const still = document.querySelector('img');
const note = document.querySelector('p');
const camera = location.pathname.split('/').pop();
const Source = self.ManagedMediaSource ?? self.MediaSource;

// In seconds. Behind by more than `late` it plays a tenth faster until it is `near`; behind by more than `lost` it jumps.
const near = 0.06;
const late = 0.15;
const lost = 1.5;
const kept = 10;
const fasterBy = 1.1;

const waitingMax = 500; // fragments: then the browser takes none, and it is better to begin anew
const failuresMax = 4; // in a row without a picture, before it makes do with less
const pauseMax = 10_000; // ms
const stillEvery = 1_000; // ms

let failures = 0;
let session = null;

document.title = camera;

function say(text) {
  note.textContent = text;
}

class Session {
  constructor() {
    this.waiting = [];
    this.buffer = null;
    this.hasPlayed = false;
    const address = new URL(location.href);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    address.hash = '';
    this.socket = new WebSocket(address);
    this.socket.binaryType = 'arraybuffer';
    this.socket.onmessage = message => this.take(message.data);
    this.socket.onclose = closed => this.end(closed.reason);
  }

  take(data) {
    if (typeof data === 'string') {
      this.begin(JSON.parse(data));
    } else if (this.waiting.length >= waitingMax) {
      this.end('The browser is too slow.');
    } else {
      this.waiting.push(data);
      this.append();
    }
  }

  // A new format needs a new source: not every browser changes the type of one that runs.
  begin(format) {
    if (!Source.isTypeSupported(format.type)) {
      failures = failuresMax;
      this.end(`This browser does not play ${format.type}.`);
      return;
    }

    this.waiting = [];
    this.buffer = null;
    const source = new Source();
    video.disableRemotePlayback = true;
    URL.revokeObjectURL(video.src);
    video.src = URL.createObjectURL(source);
    source.addEventListener('sourceopen', () => {
      source.duration = Infinity;
      this.buffer = source.addSourceBuffer(format.type);
      this.buffer.addEventListener('updateend', () => {
        this.follow();
        this.append();
      });
      this.append();
    }, { once: true });
    video.play().catch(() => say('Press play.'));
  }

  append() {
    const { buffer } = this;
    if (!buffer || buffer.updating || this.waiting.length === 0) {
      return;
    }

    try {
      const { buffered } = buffer;
      if (buffered.length > 0 && video.currentTime - buffered.start(0) > 2 * kept) {
        buffer.remove(0, video.currentTime - kept);
      } else {
        buffer.appendBuffer(this.waiting.shift());
      }
    } catch (error) {
      this.end(error.name);
    }
  }

  // Keeps the picture near the newest one, over gaps, too.
  follow() {
    const { buffered } = video;
    if (buffered.length === 0) {
      return;
    }

    const newest = buffered.length - 1;
    const behind = buffered.end(newest) - video.currentTime;
    if (video.currentTime < buffered.start(newest) || behind > lost) {
      video.currentTime = Math.max(buffered.start(newest), buffered.end(newest) - near);
    } else if (behind > late) {
      video.playbackRate = fasterBy;
    } else if (behind < near) {
      video.playbackRate = 1;
    }

    if (!this.hasPlayed) {
      this.hasPlayed = true;
      failures = 0;
      say('');
    }
  }

  end(reason) {
    if (session !== this) {
      return;
    }

    session = null;
    this.socket.close();
    this.waiting = [];
    this.buffer = null;
    failures += 1;
    if (failures >= failuresMax) {
      makeDo();
      return;
    }

    say(`${reason || 'The connection is lost.'} Connecting again`);
    setTimeout(connect, Math.min(pauseMax, 500 * 2 ** failures));
  }
}

function connect() {
  session = new Session();
}

function makeDo() {
  const play = video.canPlayType('application/vnd.apple.mpegurl');
  if (play) {
    say('');
    video.src = `../hls/${camera}.m3u8${location.search}`;
    video.onerror = showStills;
  } else {
    showStills();
  }
}

function showStills() {
  say('One picture at a time');
  video.removeAttribute('src');
  video.hidden = true;
  still.hidden = false;
  const query = location.search ? `${location.search}&` : '?';
  const next = () => {
    still.src = `${camera}.jpg${query}at=${Date.now()}`;
  };
  still.onload = () => {
    say('');
    setTimeout(next, stillEvery);
  };
  still.onerror = () => {
    say('There is no picture now.');
    setTimeout(next, stillEvery);
  };
  next();
}

if (Source) {
  connect();
} else {
  makeDo();
}
