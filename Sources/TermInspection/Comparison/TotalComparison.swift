import Distill
import NeRFCore
import RealModule

/// Explains the weighted sum of the terms.
struct TotalComparison {
  let terms: TermComparison
  let rule: TermComparison.Rule

  /// The value of every term: the dump's own where it has one.
  private func values() throws -> [LossTerm: (value: Double, count: Int)] {
    var result: [LossTerm: (Double, Int)] = [:]
    for term in terms.terms {
      guard let own = try terms.value(term, rule) else { continue }
      result[term] = (terms.dump.scalar(StepDump.name(of: term)) ?? own.value, own.count)
    }
    return result
  }

  func compare() throws -> StepComparison.Quantity? {
    guard terms.dump.scalar("out.loss") != nil else { return nil }
    let values = try values()
    let count = values.values.map(\.count).max() ?? 1
    func quantity(_ rate: (LossTerm) -> Double) -> StepComparison.Quantity? {
      // In the order of the terms: sums of a dictionary would round differently every time.
      let total = terms.terms.reduce(0.0) { sum, term in
        let rate = rate(term)
        return rate == 0 ? sum : sum + rate * (values[term]?.value ?? 0)
      }
      return terms.scalar("out.loss", .total, (total, count))
    }
    let rates = terms.rates
    let own = { (term: LossTerm) in
      rates.rate(of: term, featureRate: terms.input.featureRate)
    }
    guard let plain = quantity(own), plain.verdict == .differs else { return quantity(own) }
    for (convention, featureRate) in Self.featureRates(rates, terms.input)
    where quantity({ rates.rate(of: $0, featureRate: featureRate) })?.verdict == .agrees {
      return plain.explained(by: [convention])
    }
    for term in terms.terms
    where quantity({ $0 == term ? 0 : own($0) })?.verdict == .agrees {
      return plain.explained(by: [.without(term)])
    }
    return plain
  }

  /// ρ as other readings of its decay have it.
  static func featureRates<T: RadianceScalar>(
    _ rates: LossRates, _ input: StepInput<T>
  ) -> [(Convention, Double)] {
    [
      (.rateDecayedAfterUse, input.featureRate / rates.featureDecay),
      (.rateNotDecayed, rates.features),
      (
        .rateDecayedTwice,
        input.featureRate * Double.pow(rates.featureDecay, Double(input.step))
      ),
    ]
  }
}
