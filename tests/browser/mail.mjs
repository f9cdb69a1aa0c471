// A mail server for a test: takes every letter and keeps it. The installation under test is told of it by its settings file (ops/lib/smtp.conf),
// which it reads again when the file has changed; afterwards the file is as it was.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';

export class Mail {
  letters = [];
  /** Addresses that have no mailbox here. */
  refused = new Set();
  #server;
  #file;
  #before;
  #sockets = new Set();

  /** `file`: the installation's mail settings. */
  static async make(file) {
    const mail = new Mail();
    mail.#file = file;
    mail.#before = readFileSync(file, 'utf8');
    mail.#server = createServer((socket) => mail.#serve(socket));
    await new Promise((done) => mail.#server.listen(0, '127.0.0.1', done));
    const { port } = mail.#server.address();
    writeFileSync(file, `url = smtp://127.0.0.1:${port}\nencryption = none\nfrom = Kubari <kubari@example.org>\n`);
    return mail;
  }

  #serve(socket) {
    this.#sockets.add(socket);
    socket.setEncoding('utf8').on('error', () => socket.destroy()).on('close', () => this.#sockets.delete(socket));
    let text = '';
    let content;
    let to = [];
    socket.write('220 test\r\n');
    socket.on('data', (piece) => {
      text += piece;
      for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
        const line = text.slice(0, end);
        text = text.slice(end + 2);
        if (content) {
          if (line !== '.') content.push(line.replace(/^\./, ''));
          else {
            this.letters.push({ to, head: content.slice(0, content.indexOf('')).join('\n'), text: decoded(content) });
            content = undefined;
            to = [];
            socket.write('250 kept\r\n');
          }
        } else if (/^DATA/i.test(line)) {
          content = [];
          socket.write('354 go on\r\n');
        } else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n');
        else {
          const address = /^RCPT TO:.*<(.*)>/i.exec(line)?.[1];
          if (address && !this.refused.has(address)) to.push(address);
          socket.write(this.refused.has(address) ? '550 no such mailbox\r\n' : '250 ok\r\n');
        }
      }
    });
  }

  /** The last letter to this address: its header lines and its text. */
  to(address) {
    return this.letters.findLast((letter) => letter.to.includes(address));
  }

  close() {
    writeFileSync(this.#file, this.#before);
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

/** The plain text of a letter whose body is base64. */
function decoded(lines) {
  const body = lines.slice(lines.indexOf('') + 1).join('\n');
  return /^content-transfer-encoding: base64/im.test(lines.join('\n')) ? Buffer.from(body, 'base64').toString('utf8') : body;
}
