import type { Protocol } from '../protocol.ts'
import { MysqlConnection } from './connection.ts'
import { probe } from './probe.ts'

/** The protocol of MySQL and MariaDB: one message for the login and one for each command with its results. */
export const mysql: Protocol = {
  name: 'mysql',
  spec: 'https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html',
  ports: [3306, 3307, 6033],
  probe,
  open: (sink, settings) => new MysqlConnection(sink, settings),
}
