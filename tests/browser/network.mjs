// The way between a phone and the server, which the test can cut. The phone talks to `url`; every byte passes through here.
import { connect, createServer } from 'node:net';

export class Network {
  #server;
  #sockets = new Set();
  #mode = 'open';
  #lost = () => {};

  /** `server`: the gateway's address. */
  static async make(server) {
    const network = new Network();
    const { hostname, port } = new URL(server);
    network.#server = createServer((phone) => network.#join(phone, connect(Number(port), hostname)));
    await new Promise((done) => network.#server.listen(0, '127.0.0.1', done));
    network.url = `http://127.0.0.1:${network.#server.address().port}`;
    return network;
  }

  #join(phone, gateway) {
    const end = () => {
      phone.destroy();
      gateway.destroy();
      this.#sockets.delete(phone);
    };
    if (this.#mode === 'cut') return end();
    this.#sockets.add(phone);
    phone.kubariEnd = end;
    for (const socket of [phone, gateway]) socket.on('error', end).on('close', end);
    phone.on('data', (bytes) => gateway.write(bytes));
    gateway.on('data', (bytes) => {
      if (this.#mode !== 'lossy') return phone.write(bytes);
      // The server has done it and says so; nobody hears it.
      this.#lost(bytes.toString('latin1'));
      end();
    });
  }

  /** Nothing passes, and what was on its way is lost. */
  cut() {
    this.#mode = 'cut';
    for (const phone of this.#sockets) phone.kubariEnd();
  }

  /** Requests arrive, answers do not; `lost` is told each. */
  loseAnswers(lost) {
    this.#lost = lost;
    this.#mode = 'lossy';
  }

  restore() {
    this.#mode = 'open';
  }

  close() {
    this.cut();
    this.#server.close();
  }
}
