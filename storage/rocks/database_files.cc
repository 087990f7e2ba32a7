#include "storage/rocks/database_files.h"

#include <rocksdb/file_system.h>

namespace ora::storage {

DatabaseFiles DatabaseFiles::Host() { return DatabaseFiles(rocksdb::FileSystem::Default()); }

}  // namespace ora::storage
