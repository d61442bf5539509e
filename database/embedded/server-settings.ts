/**
 * How the embedded server is set: durable always, small, quick to start. Given on the command line, so that they follow
 * the program's version and no file of an older one lingers.
 */

export interface SettingsOfServer {
  readonly major: number
  readonly socketDir: string
}

export function serverSettings({ major, socketDir }: SettingsOfServer): readonly string[] {
  const settings: Record<string, string> = {
    listen_addresses: '',
    unix_socket_directories: socketDir,
    unix_socket_permissions: '0700',
    port: '5432',
    max_connections: '50',
    shared_buffers: '64MB',
    // Durability is not for sale; what follows only makes it cheaper.
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    // Nobody replicates from it: less to write for each commit.
    wal_level: 'minimal',
    max_wal_senders: '0',
    wal_buffers: '4MB',
    min_wal_size: '128MB',
    max_wal_size: '1GB',
    checkpoint_timeout: '15min',
    checkpoint_completion_target: '0.9',
    // Compiling a plan costs more than any of our queries.
    jit: 'off',
    autovacuum_naptime: '15s',
    log_min_messages: 'warning',
    log_line_prefix: '%m [%p] ',
    log_timezone: 'UTC',
    timezone: 'UTC',
    password_encryption: 'scram-sha-256',
  }
  // A restart after a crash: 0.2 to 2.3 s become 0.14 to 0.42 s.
  if (process.platform === 'linux') settings.recovery_init_sync_method = 'syncfs'
  // Worker processes for reading ahead are of no use to a database that fits into memory.
  if (major >= 18) settings.io_method = 'sync'
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}
