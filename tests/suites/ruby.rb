# SPDX-License-Identifier: MIT
#
# Comes before the tests of Ruby, whose own runner drops the name of what was skipped: writes what
# became of each test to the file RECORD, as a line OUTCOME NAME.
require "test/unit"

module Recorder
  FILE = File.open(ENV.fetch("RECORD"), "a").tap { |file| file.sync = true }

  def record(suite, method, assertions, time, error)
    super
    outcome =
      case error
      when nil then "passed"
      when Test::Unit::PendedError then "skipped"
      when Test::Unit::AssertionFailedError then "failed"
      else "error"
      end
    FILE.puts "#{outcome} #{suite}##{method}"
  end
end

Test::Unit::Runner.prepend(Recorder)
