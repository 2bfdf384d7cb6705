# SPDX-License-Identifier: Apache-2.0
# An application that warms up and then serves, and leaks nothing.
#
#   warming.rb steady|bursty SECONDS
#
# Libraries are loaded by the first request that needs them, one every two seconds; templates are compiled once each;
# a result cache fills in a minute and then evicts; sessions live for a minute; everything else is gone after its
# request.
LIBRARIES = %w[json erb set time date yaml csv digest zlib strscan ostruct securerandom optparse tempfile uri open3
               logger pstore benchmark forwardable singleton observer shellwords ripper rexml/document].freeze
REQUESTS_PER_SECOND = 120
TICK = 0.05
BURST = [5, 20].freeze # seconds of each period at four times the rate

require "json"
require "erb"

# Evicts the least recently used entry when it is full.
class Cache
  def initialize(size) = (@size, @entries = size, {})

  def fetch(key)
    value = @entries.delete(key) || yield
    @entries.delete(@entries.first[0]) if @entries.size >= @size
    @entries[key] = value
  end
end

# Kept for a minute after their birth.
class Sessions
  def initialize = @by_age = {}

  def touch(user, now)
    (@by_age[user] ||= { born: now, seen: [], text: "s" * rand(200..800) })[:seen] << now
    @by_age.shift while @by_age.any? && @by_age.first[1][:born] < now - 60
  end
end

class Application
  def initialize
    @cache, @sessions, @templates = Cache.new(300), Sessions.new, {}
  end

  def template(kind)
    @templates[kind] ||= ERB.new("<ul><% items.each do |item| %><li>#{kind} <%= item %></li><% end %></ul>")
  end

  def serve(now)
    page = (rand**-2.5).to_i % 20_000
    @cache.fetch(page) { Array.new(page % 40 + 5) { |i| "#{page} #{i}" }.join(" ") }
    @sessions.touch(rand(3000), now)
    items = JSON.parse(JSON.generate(Array.new(rand(5..40)) { |i| { id: i, name: "item #{i}" } }))
    template(page % 60).result_with_hash(items: items.first(3).map { |item| item["name"] })
    "page #{page}" =~ /(\w+) #{page % 100}/
  end
end

def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

def requests_in_tick(load, elapsed)
  return (REQUESTS_PER_SECOND * TICK).round if load == "steady"
  elapsed % BURST[1] < BURST[0] ? (REQUESTS_PER_SECOND * TICK * BURST[1] / BURST[0]).round : 0
end

srand(5)
load, seconds = ARGV[0], ARGV[1].to_f
application, loaded, start = Application.new, 0, now
while (elapsed = now - start) < seconds
  while loaded < [LIBRARIES.size, elapsed / 2].min
    require LIBRARIES[loaded]
    loaded += 1
  end
  requests_in_tick(load, elapsed).times { application.serve(start + elapsed) }
  sleep TICK
end
