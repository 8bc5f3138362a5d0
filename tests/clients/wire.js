// Something between a client and the server that can be cut.

import { once } from 'node:events';
import { connect as dial, createServer } from 'node:net';

/** A wire between a client and the server, to be cut. */
export class Wire {
  #sockets = new Set();
  #whole = true;

  static async to(port) {
    const wire = new Wire();
    wire.server = createServer((near) => {
      if (!wire.#whole) return near.destroy();
      const far = dial(port, '127.0.0.1');
      for (const [socket, other] of [[near, far], [far, near]]) {
        wire.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => wire.#sockets.delete(socket) && other.destroy());
        socket.pipe(other);
      }
    }).listen(0, '127.0.0.1');
    await once(wire.server, 'listening');
    wire.port = wire.server.address().port;
    return wire;
  }

  async cut() {
    this.#whole = false;
    const closed = Array.from(this.#sockets, (socket) => once(socket, 'close'));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }

  mend() {
    this.#whole = true;
  }

  async end() {
    await this.cut();
    this.server.close();
    await once(this.server, 'close');
  }
}
