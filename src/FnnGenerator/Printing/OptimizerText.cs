using FeedbackNN.Dsl.Binding;

namespace FeedbackNN.Generator.Printing;

/// <summary>Optimizers and schedules as C# expressions: <c>new AdamW(0.001) { WeightDecay = 0.01 }</c>.</summary>
internal static class OptimizerText
{
    private const string LearningRate = "LearningRate";

    private static readonly Dictionary<string, string> Classes = new(StringComparer.Ordinal)
    {
        ["sgd"] = "Sgd",
        ["adam"] = "Adam",
        ["adamw"] = "AdamW",
    };

    private static readonly Dictionary<string, string> Properties = new(StringComparer.Ordinal)
    {
        ["lr"] = LearningRate,
        ["learning_rate"] = LearningRate,
        ["momentum"] = "Momentum",
        ["dampening"] = "Dampening",
        ["weight_decay"] = "WeightDecay",
        ["nesterov"] = "Nesterov",
        ["decay_vectors"] = "DecayVectors",
        ["beta1"] = "Beta1",
        ["beta2"] = "Beta2",
        ["eps"] = "Epsilon",
        ["epsilon"] = "Epsilon",
    };

    // C#'s name for each argument; the first argument of every schedule is its starting (or highest) value and stands by position.
    private static readonly Dictionary<string, string> ScheduleArguments = new(StringComparer.Ordinal)
    {
        ["warmup"] = "warmup",
        ["total"] = "total",
        ["steps"] = "total",
        ["end"] = "end",
        ["final"] = "end",
        ["floor"] = "end",
        ["every"] = "every",
        ["factor"] = "factor",
    };

    /// <summary>The optimizer's class.</summary>
    public static string Class(BoundOptimizer optimizer) => Find(Classes, optimizer.Kind, "optimizer");

    /// <summary>A new optimizer with all settings of the <c>.fnn</c> file.</summary>
    public static string New(BoundOptimizer optimizer)
    {
        var rate = "0";
        var others = new List<string>();
        foreach (var setting in optimizer.Settings)
        {
            var property = Find(Properties, setting.Name, "optimizer setting");
            if (property == LearningRate) rate = Value(setting);
            else if (property == "Nesterov") others.Add($"Nesterov = {(setting.Number is null or 0 ? "false" : "true")}");
            else if (property == "DecayVectors")
            {
                if (setting.Number is 0) others.Add("DecayVectors = false");
            }
            else others.Add($"{property} = {Value(setting)}");
        }
        return $"new {Class(optimizer)}({rate})" + (others.Count == 0 ? "" : $" {{ {string.Join(", ", others)} }}");
    }

    private static string Value(BoundSetting setting) => setting.Schedule is { } schedule ? Schedule(schedule) : NumberText.Double(setting.Number ?? 0);

    private static string Schedule(BoundSchedule schedule)
    {
        var arguments = schedule.Arguments.Select(argument =>
            ScheduleArguments.TryGetValue(argument.Name, out var name) ? (IsNamed: true, Text: $"{name}: {Value(argument)}") : (IsNamed: false, Text: Value(argument)));
        return $"Schedule.{CSharpNames.Pascal(schedule.Kind)}({string.Join(", ", arguments.OrderBy(argument => argument.IsNamed).Select(argument => argument.Text))})";
    }

    private static string Find(Dictionary<string, string> table, string name, string what) =>
        table.TryGetValue(name, out var text) ? text : throw new InvalidOperationException($"No {what} is called '{name}'.");
}
