// A client as the older service's web page is one: one socket, ids from 1, params always an object, notifications by method.
// It logs in, records for a few seconds, waits to be told that the recording has stopped, finds it in the list, downloads it by
// its link and deletes it. Each step prints a line; the first that goes wrong ends it with exit code 1.
//
//   node client.mjs ws://127.0.0.1:8002/ws TOKEN SECONDS FILE
import { writeFile } from 'node:fs/promises';
import WebSocket from 'ws';

const answerTimeMaxMs = 30_000;
const [url, token, secondsText, savedAs] = process.argv.slice(2);
const seconds = Number(secondsText);

class Client {
  #socket;
  #lastId = 0;
  #waiting = new Map();
  #told = [];
  #listeners = [];

  static open(address) {
    return new Promise((resolve, reject) => {
      // As a page of an allowed origin connects.
      const socket = new WebSocket(address, { origin: 'http://localhost:3000' });
      socket.once('error', reject);
      socket.once('open', () => resolve(new Client(socket)));
    });
  }

  constructor(socket) {
    this.#socket = socket;
    socket.on('message', (data, isBinary) => {
      if (isBinary) throw new Error('A binary frame came.');
      this.#take(JSON.parse(data.toString()));
    });
    socket.on('close', (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`The socket was closed with ${code}.`));
    });
  }

  call(method, params = {}) {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${method} was not answered.`)), answerTimeMaxMs);
      const done = (settle) => (value) => {
        clearTimeout(timer);
        settle(value);
      };
      this.#waiting.set(id, { resolve: done(resolve), reject: done(reject) });
      this.#socket.send(JSON.stringify({ jsonrpc: '2.0', method, params, id }));
    });
  }

  // Waits for a notification, also one that came before this was called.
  told(method, matches, limitMs) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`No such ${method}; told so far: ${JSON.stringify(this.#told)}`)), limitMs);
      const look = () => {
        const found = this.#told.find((note) => note.method === method && matches(note.params));
        if (!found) return false;
        clearTimeout(timer);
        resolve(found.params);
        return true;
      };
      if (!look()) this.#listeners.push(look);
    });
  }

  close() {
    return new Promise((resolve) => {
      this.#socket.once('close', resolve);
      this.#socket.close(1000);
    });
  }

  #take(message) {
    if (message.id === undefined) {
      this.#told.push(message);
      this.#listeners = this.#listeners.filter((look) => !look());
      return;
    }

    const { resolve, reject } = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error) reject(Object.assign(new Error(message.error.message), message.error));
    else resolve(message.result);
  }
}

function must(what, holds) {
  if (!holds) throw new Error(`It does not hold: ${what}`);
  console.log(`ok ${what}`);
}

async function refused(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }

  throw new Error('It was not refused.');
}

const client = await Client.open(url);
must('a call before login is refused', (await refused(client.call('get_camera_list'))).code === -32001);
must('ping needs no login', (await client.call('ping')) === 'pong');
const login = await client.call('authenticate', { auth_token: token });
must('login', login.authenticated === true && login.role === 'admin');
const topics = ['camera_status_update', 'recording_status_update', 'system_health_update'];
must('subscribe', (await client.call('subscribe_events', { topics })).subscribed === true);
const health = await client.told('system_health_update', () => true, 10_000);
must('health is told', health.components.mediamtx === 'RUNNING');

const { cameras } = await client.call('get_camera_list');
const streams = await client.call('get_streams');
must('each camera has its stream', cameras.every((camera) => streams.some((stream) => stream.name === camera.device)));
const device = cameras.find((camera) => camera.status === 'CONNECTED').device;

const started = await client.call('start_recording', { device, duration: seconds, format: 'fmp4' });
must('a timed recording starts', started.status === 'RECORDING');
const mine = (status) => (update) => update.filename === started.filename && update.status === status;
await client.told('recording_status_update', mine('RECORDING'), 10_000);
const stopped = await client.told('recording_status_update', mine('STOPPED'), (seconds + 20) * 1000);
must('it stops by itself and says so', Math.abs(stopped.duration - seconds) <= 1);
must('it cannot be stopped twice', (await refused(client.call('stop_recording', { device }))).code === -32020);

const list = await client.call('list_recordings', { limit: 20, offset: 0 });
const file = list.files.find((one) => one.filename === started.filename);
must('it is in the list', file !== undefined && file.file_size > 0);
const page = new URL(url.replace(/^ws/, 'http'));
const response = await fetch(new URL(file.download_url, page));
const body = Buffer.from(await response.arrayBuffer());
must('its link opens without a header', response.status === 200);
must('the download is whole', body.length === file.file_size);
must('it is for saving', response.headers.get('content-disposition').startsWith('attachment'));
await writeFile(savedAs, body);

const deleted = await client.call('delete_recording', { filename: file.filename });
must('an administrator deletes it', deleted.deleted === true);
must('it is gone', (await refused(client.call('get_recording_info', { filename: file.filename }))).code === -32010);
must('its link opens no more', (await fetch(new URL(file.download_url, page))).status === 404);
await client.close();
console.log('done');
