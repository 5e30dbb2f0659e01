#pragma once

#include <sys/types.h>

namespace slipway::runtime {

/// Opens /dev/null for each of the standard descriptors (0, 1, 2) that this process was started without. The next file
/// that is opened would get its number, and what is printed be written into it. It is opened for reading only, so that
/// what is printed fails (EBADF) as it would without: nobody takes it for written. Once, before anything is opened.
void hold_standard_streams();

/// Raises how many files (and connections) this process may have open at once to the most that the system lets it. A
/// container gets 1,024 unless its program asks for more. Once, before other threads start.
void raise_open_files();

/// Gives a program that this process has just started the number that held before raise_open_files(): some go through
/// all numbers that are possible, and some can't use large ones (select).
void give_back_open_files(pid_t process);

/// Whether opening `file` for a connection was in vain, with its errno where it is negative: EMFILE when this process
/// has no number left but the last ones, ENFILE when the machine has no file left; else 0. Connections leave the last
/// numbers (64, or a quarter of few) to the endpoints that tell whether the process is alive, to files, and to
/// programs.
int lack_of_files(int file);
/// The same of a file that would be opened now.
int lack_of_files();

}  // namespace slipway::runtime
