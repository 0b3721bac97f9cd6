import ArgumentParser
import Fields

extension Architecture: ExpressibleByArgument {}
