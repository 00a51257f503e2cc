using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Generator.Printing;

/// <summary>
/// Prints the class that users see for a training: its networks and optimizers, records for samples, batches and reports, and the code
/// that turns one into the other. The steps, runs, checkpoints and optimizers themselves are in the runtime's <c>Trainer</c>.
/// </summary>
internal sealed class TrainPrinter
{
    // Members that every trainer has.
    private static readonly string[] TakenMembers =
    [
        "Step", "Run", "Evaluate", "Profile", "Freeze", "Save", "Resume", "Restart", "Dispose", "Seed", "StepCount", "TrainedCount", "Shuffle", "IsInterrupted", "ArenaBytes", "Sample", "MiniBatch", "Report",
        "AdaptersOf", "AverageOf", "Bind", "Collate", "MakeReport", "MakeEvaluationReport", "MeasureSamples", "ReportNames", "ReportValues", "Setup", "CheckInputs", "CheckSizes",
        .. RuntimeNames.ObjectMembers,
    ];

    private readonly CodeWriter _writer = new();
    private readonly BoundTrain _train;
    private readonly EquatableArray<ProgramPlan> _objectives;
    private readonly ProgramPlan? _evaluation;
    private readonly bool _hasGpu;
    private readonly string _name;
    private readonly SignatureText _signature;
    private readonly SampleShape? _samples;
    private readonly IReadOnlyList<string> _nets;
    private readonly IReadOnlyList<string> _netArguments;
    private readonly IReadOnlyList<string> _optimizers;
    private readonly IReadOnlyList<string> _optimizerArguments;
    private readonly AdapterPrinter _adapters;
    private readonly AveragePrinter _averages;
    private readonly IReadOnlyList<string> _losses;
    private readonly IReadOnlyList<string> _metrics;

    private TrainPrinter(BoundTrain train, EquatableArray<ProgramPlan> objectives, ProgramPlan? evaluation, Func<Origin, SourceLine?> lines, bool hasGpu)
    {
        _hasGpu = hasGpu;
        _train = train;
        _objectives = objectives;
        _evaluation = evaluation;
        _name = CSharpNames.Escape(train.Name);
        _signature = new SignatureText(train.RuntimeAxes, train.Inputs, default, train.Guards, lines);
        _samples = SampleShape.Of(train.RuntimeAxes, train.Inputs);
        _nets = CSharpNames.Distinct(train.Nets.Select(net => CSharpNames.Pascal(net.Name)), TakenMembers.Append(_name));
        _optimizers = CSharpNames.Distinct(
            train.Objectives.Select(objective => train.Objectives.Count == 1 ? "Optimizer" : CSharpNames.Pascal(objective.Name) + "Optimizer"), TakenMembers.Concat(_nets));
        _netArguments = CSharpNames.Distinct(train.Nets.Select(net => CSharpNames.Camel(net.Name)), ["seed", "device", "devices"]);
        _adapters = new AdapterPrinter(train, IsBroken, TakenMembers.Concat(_nets).Concat(_optimizers).Append(_name));
        _averages = new AveragePrinter(train, IsBroken, TakenMembers.Concat(_nets).Concat(_optimizers).Concat(_adapters.Members).Append(_name));
        _optimizerArguments = CSharpNames.Distinct(_optimizers.Select(CSharpNames.Camel), _netArguments.Concat(["seed", "device", "devices"]));
        _losses = ReportMembers.Losses(train.Objectives.Select(objective => objective.Name));
        _metrics = ReportMembers.Metrics(train.StepMetrics.Select(metric => metric.Name), _losses);
    }

    private bool IsBroken => _evaluation is null;

    // A condition on the number of samples is checked of the whole batch; of its parts nobody knows.
    private bool IsDivisible => _samples is { } samples && !_train.Guards.Any(guard => guard.AxisNames.Contains(samples.BatchAxis));

    // The first values of updates of low rank are drawn by it.
    private bool HasSeed => _train.Adapters.Count > 0;

    private string DevicesParameter => PassedDevices.Length > 0 ? PassedDevices + " = null" : "";

    private string PassedDevices => IsDivisible ? ", System.Collections.Generic.IEnumerable<Device>? devices" : "";

    private string Failure => $"throw new InvalidOperationException({CSharpNames.Literal($"The training '{_train.Name}' has errors; they are reported where they stand in its .fnn file.")});";

    /// <summary>The file of a training.</summary>
    /// <param name="objectives">One program for each objective.</param>
    /// <param name="evaluation">The program of an evaluation.</param>
    /// <param name="lines">Where an origin stands in the source.</param>
    /// <param name="hasGpu">Its programs are printed for GPUs, too.</param>
    public static string Print(BoundTrain train, EquatableArray<ProgramPlan> objectives, ProgramPlan evaluation, Func<Origin, SourceLine?> lines, bool hasGpu) =>
        new TrainPrinter(train, objectives, evaluation, lines, hasGpu).Print();

    /// <summary>The same API with bodies that throw, for a training whose body has errors.</summary>
    public static string PrintBroken(BoundTrain signature) => new TrainPrinter(signature, default, null, _ => null, hasGpu: false).Print();

    private string Print()
    {
        _writer.Line("// <auto-generated/>");
        _writer.Line("#nullable enable");
        _writer.Line();
        foreach (var name in new[] { "System", "System.Runtime.CompilerServices", "FeedbackNN", "FeedbackNN.Cpu" }) _writer.Line($"using {name};");
        _writer.Line();
        _writer.Line($"namespace {CSharpNames.Namespace(_train.Namespace)};");
        _writer.Line();
        _writer.Summary(_train.Doc ?? $"The training '{_train.Name}'.");
        _writer.Doc("remarks", $"On batches of ({string.Join(", ", _signature.Inputs.Select(input => input.Text))}). For one thread at a time, which nobody else shares the networks with meanwhile.");
        var arguments = _samples is null ? $"{_name}.MiniBatch, {_name}.Report" : $"{_name}.Sample, {_name}.MiniBatch, {_name}.Report";
        using (_writer.Block($"public sealed unsafe class {_name} : Trainer<{arguments}>"))
        {
            if (!IsBroken && _samples is not null)
            {
                _writer.Line("// The tensors of a batch of samples, used again by the next one.");
                foreach (var input in _signature.Inputs) _writer.Line($"private {input.TensorType}? {Field(input)};");
            }
            PrintConstructors();
            PrintProperties();
            _adapters.PrintProperties(_writer);
            _averages.PrintProperties(_writer, NetTypes, _adapters);
            _adapters.PrintClasses(_writer, NetTypes);
            PrintRecords();
            PrintBind();
            if (_samples is not null) PrintCollate(_samples);
            if (IsDivisible) PrintMeasure(_samples!);
            PrintReport("MakeReport", _train.StepMetrics, StepLosses());
            PrintReport("MakeEvaluationReport", _train.EvaluationMetrics, EvaluationLosses());
            PrintReportParts();
            if (!IsBroken)
            {
                _writer.Line();
                _signature.PrintCheck(_writer, requireSamples: true);
                PrintSetup();
            }
        }
        return _writer.ToString();
    }

    // ---- Construction -----------------------------------------------------------------------------------------------

    private string NetType(BoundNet net) => CSharpNames.Type(_train.Namespace, net.ModelNamespace, net.ModelName);

    private IReadOnlyList<string> NetTypes => _train.Nets.Select(NetType).ToArray();

    private string NetParameters => string.Join(", ", _train.Nets.Select((net, i) => $"{NetType(net)} {_netArguments[i]}"));

    private string OptimizerParameters => string.Join(", ", _train.Objectives.Select((objective, i) => $"{OptimizerText.Class(objective.Optimizer)} {_optimizerArguments[i]}"));

    private void PrintConstructors()
    {
        _writer.Line();
        _writer.Summary("Begins a training of these networks, which keep the weights they have.");
        for (var i = 0; i < _train.Nets.Count; i++) _writer.Doc($"param name=\"{_netArguments[i].TrimStart('@')}\"", $"The network '{_train.Nets[i].Name}'.");
        _writer.Line("/// <param name=\"seed\">Of random draws and of the order of samples: the same seed gives the same bits.</param>");
        if (IsDivisible)
        {
            _writer.Doc("param name=\"devices\"", "The devices that share the samples of each step and of evaluations, that of the networks first; null for that one alone. On another number of devices results differ by rounding, and random draws are others.");
        }
        var nets = string.Join(", ", _netArguments);
        if (IsBroken)
        {
            using (_writer.Block($"public {_name}({NetParameters}, ulong seed = 0{DevicesParameter}) : base(Setup(), seed)"))
            {
            }
            _writer.Line();
            using (_writer.Block("private static TrainingSetup Setup()")) _writer.Line(Failure);
            return;
        }
        var optimizers = string.Join(", ", _train.Objectives.Select(objective => OptimizerText.New(objective.Optimizer)));
        var devices = IsDivisible ? ", devices" : "";
        using (_writer.Block($"public {_name}({NetParameters}, ulong seed = 0{DevicesParameter}) : this({nets}, {optimizers}, seed{devices})"))
        {
        }
        _writer.Line();
        using (_writer.Block($"private {_name}({NetParameters}, {OptimizerParameters}, ulong seed{PassedDevices}) : base(Setup({nets}, {string.Join(", ", _optimizerArguments)}{(HasSeed ? ", seed" : "")}{devices}), seed)"))
        {
            for (var i = 0; i < _nets.Count; i++) _writer.Line($"{_nets[i]} = {_netArguments[i]};");
            for (var i = 0; i < _optimizers.Count; i++) _writer.Line($"{_optimizers[i]} = {_optimizerArguments[i]};");
            _adapters.PrintAssignments(_writer);
            _averages.PrintAssignments(_writer, NetTypes, _adapters);
        }
    }

    private void PrintProperties()
    {
        for (var i = 0; i < _nets.Count; i++)
            TrainerProperty.Print(_writer, NetType(_train.Nets[i]), _nets[i], $"The network '{_train.Nets[i].Name}'.", IsBroken);
        for (var i = 0; i < _optimizers.Count; i++)
            TrainerProperty.Print(_writer, OptimizerText.Class(_train.Objectives[i].Optimizer), _optimizers[i], $"What minimises '{_train.Objectives[i].Name}', with settings that may be changed between steps.", IsBroken);
    }

    private void PrintSetup()
    {
        _writer.Line();
        using (_writer.Block($"private static TrainingSetup Setup({NetParameters}, {OptimizerParameters}{(HasSeed ? ", ulong seed" : "")}{PassedDevices})"))
        {
            foreach (var argument in _netArguments) _writer.Line($"ArgumentNullException.ThrowIfNull({argument});");
            _writer.Line($"var device = {_netArguments[0]}.Device;");
            using (_writer.Block("return new TrainingSetup", ";"))
            {
                _writer.Line($"Name = {CSharpNames.Literal(new DeclarationName(_train.Namespace, _train.Name).FullName)},");
                _writer.Line($"Nets = [{string.Join(", ", _train.Nets.Select((net, i) => $"({CSharpNames.Literal(net.Name)}, {_netArguments[i]})"))}],");
                _adapters.PrintSetup(_writer, NetTypes);
                _averages.PrintSetup(_writer, NetTypes);
                _writer.Line("Objectives =");
                _writer.Line("[");
                using (_writer.Indent())
                {
                    for (var i = 0; i < _objectives.Count; i++) PrintObjective(i);
                }
                _writer.Line("],");
                _writer.Line($"Evaluation = {Program(_evaluation!, _train.EvaluationMetrics)},");
                if (IsDivisible)
                {
                    _writer.Line("Devices = devices,");
                    _writer.Line($"Programs = static device => [{string.Join(", ", _objectives.Append(_evaluation!).Select(plan => ProgramText.New(plan, "device", _hasGpu)))}],");
                    _writer.Line($"SampleAxis = {NumberText.Integer(_train.RuntimeAxes.ToList().IndexOf(_samples!.BatchAxis))},");
                }
                _writer.Line($"AxisCount = {NumberText.Integer(_train.RuntimeAxes.Count)},");
                _writer.Line($"InputCount = {NumberText.Integer(_train.Inputs.Count)},");
                if (_train.Accumulate > 1) _writer.Line($"Accumulate = {NumberText.Integer(_train.Accumulate)},");
                if (_train.ClipKind is { } clip)
                {
                    _writer.Line($"Clip = GradientClip.{CSharpNames.Pascal(clip)},");
                    _writer.Line($"ClipLimit = {NumberText.Double(_train.ClipLimit)},");
                }
            }
        }
    }

    private void PrintObjective(int index)
    {
        var objective = _train.Objectives[index];
        var metrics = index == 0 ? _train.StepMetrics : default;
        var trained = string.Join(", ", objective.Trained.Select(reference => $"({NumberText.Integer(reference.Net)}, {NumberText.Integer(reference.Parameter)})"));
        var rates = objective.Rates.Count == 0 ? "" : $", rates: [{string.Join(", ", objective.Rates.Select(NumberText.Double))}]";
        var scaled = _train.Precision.IsNarrow ? ", isScaled: true" : "";
        _writer.Line("new Objective(");
        using (_writer.Indent())
        {
            _writer.Line($"{CSharpNames.Literal(objective.Name)},");
            _writer.Line($"{Program(_objectives[index], metrics)},");
            _writer.Line($"{_optimizerArguments[index]},");
            _writer.Line($"every: {NumberText.Integer(objective.Every)},");
            var counts = IsDivisible && !objective.CountsSamples ? ", countsSamples: false" : "";
            _writer.Line($"trained: [{trained}]{rates}{counts}{scaled}),");
        }
    }

    private string Program(ProgramPlan plan, EquatableArray<BoundMetric> metrics)
    {
        var accumulations = MetricText.Accumulations(plan.ScalarCount, metrics).Select(kind => "Accumulation." + kind);
        var axes = plan.Axes.Select(axis => NumberText.Integer(_train.RuntimeAxes.ToList().IndexOf(axis)));
        return $"new TrainingProgram({ProgramText.New(plan, "device", _hasGpu)}, [{string.Join(", ", accumulations)}], [{string.Join(", ", axes)}])";
    }

    // ---- Records ----------------------------------------------------------------------------------------------------

    private void PrintRecords()
    {
        if (_samples is not null)
        {
            _writer.Line();
            _writer.Summary("One sample.");
            foreach (var input in _signature.Inputs)
            {
                var axes = string.Join(", ", input.Tensor.Axes.Skip(1).Select(AxisNames.Text));
                _writer.Doc($"param name=\"{input.Member}\"", $"{input.Tensor.Element.ToString().ToLowerInvariant()}[{axes}]");
            }
            _writer.Line($"public readonly record struct Sample({string.Join(", ", _signature.Inputs.Select(input => $"{SampleType(input)} {input.Member}"))});");
        }
        _writer.Line();
        _writer.Summary("The tensors of one batch.");
        foreach (var input in _signature.Inputs) _writer.Doc($"param name=\"{input.Member}\"", input.TypeText);
        _writer.Line($"public readonly record struct MiniBatch({string.Join(", ", _signature.Inputs.Select(input => $"{input.TensorType} {input.Member}"))});");
        _writer.Line();
        _writer.Summary("Losses and metrics of a step, an epoch or an evaluation.");
        _writer.Line("/// <param name=\"Step\">Steps made so far.</param>");
        for (var i = 0; i < _losses.Count; i++) _writer.Doc($"param name=\"{_losses[i]}\"", $"The mean of '{_train.Objectives[i].Name}'.");
        for (var i = 0; i < _metrics.Count; i++) _writer.Doc($"param name=\"{_metrics[i]}\"", _train.StepMetrics[i].Doc ?? $"The metric '{_train.StepMetrics[i].Name}'.");
        _writer.Line($"public readonly record struct Report({string.Join(", ", new[] { "long Step" }.Concat(_losses.Concat(_metrics).Select(name => "double " + name)))});");
    }

    private static string SampleType(SignatureItem input) => IsNumber(input) ? input.Element : $"ReadOnlyMemory<{input.Element}>";

    private static bool IsNumber(SignatureItem input) => input.Tensor.Axes.Count == 1;

    private static string Field(SignatureItem input) => "_" + input.Name.TrimStart('@');

    private IEnumerable<string> StepLosses()
    {
        var start = 0;
        for (var i = 0; i < _objectives.Count; i++)
        {
            yield return $"scalars[{NumberText.Integer(start)}] / scalars[{NumberText.Integer(start + 1)}]";
            start += _objectives[i].ScalarCount;
        }
    }

    private IEnumerable<string> EvaluationLosses() =>
        Enumerable.Range(0, _train.Objectives.Count).Select(i => $"scalars[{NumberText.Integer(2 * i)}] / scalars[{NumberText.Integer(2 * i + 1)}]");

    private void PrintReport(string method, EquatableArray<BoundMetric> metrics, IEnumerable<string> losses)
    {
        _writer.Line();
        _writer.Line("/// <inheritdoc/>");
        var values = losses.Concat(metrics.Select(metric => MetricText.Print(metric.Formula, "scalars")));
        _writer.Line($"protected override Report {method}(long step, ReadOnlySpan<double> scalars) =>");
        using (_writer.Indent()) _writer.Line(IsBroken ? Failure : $"new Report(step, {string.Join(", ", values)});");
    }

    private void PrintReportParts()
    {
        var names = _train.Objectives.Select(objective => objective.Name).Concat(_train.StepMetrics.Select(metric => metric.Name));
        _writer.Line();
        _writer.Line("/// <inheritdoc/>");
        _writer.Line($"protected override string[] ReportNames() => [{string.Join(", ", names.Select(CSharpNames.Literal))}];");
        _writer.Line();
        _writer.Line("/// <inheritdoc/>");
        _writer.Line($"protected override double[] ReportValues(Report report) => [{string.Join(", ", _losses.Concat(_metrics).Select(name => "report." + name))}];");
    }

    // ---- Batches ----------------------------------------------------------------------------------------------------

    private void PrintBind()
    {
        _writer.Line();
        _writer.Line("/// <inheritdoc/>");
        using (_writer.Block("protected override void Bind(MiniBatch miniBatch, nint* sizes, void** inputs)"))
        {
            if (IsBroken)
            {
                _writer.Line(Failure);
                return;
            }
            foreach (var input in _signature.Inputs)
            {
                _writer.Line(input.IsScalar ? $"ArgumentNullException.ThrowIfNull(miniBatch.{input.Member});" : $"var {input.Name} = miniBatch.{input.Member};");
                if (input.IsScalar) _writer.Line($"var {input.Name} = miniBatch.{input.Member}.Span[0];");
            }
            _writer.Line(_signature.CheckCall);
            for (var i = 0; i < _train.RuntimeAxes.Count; i++) _writer.Line($"sizes[{NumberText.Integer(i)}] = {SizeText.Axis(_train.RuntimeAxes[i])};");
            for (var i = 0; i < _signature.Inputs.Count; i++)
            {
                var input = _signature.Inputs[i];
                _writer.Line($"inputs[{NumberText.Integer(i)}] = {(input.IsScalar ? "miniBatch." + input.Member : input.Name)}.Pointer;");
            }
        }
    }

    private void PrintCollate(SampleShape samples)
    {
        _writer.Line();
        _writer.Line("/// <inheritdoc/>");
        using (_writer.Block("protected override MiniBatch Collate(IDataSource<Sample> data, ReadOnlySpan<int> chosen)"))
        {
            if (IsBroken)
            {
                _writer.Line(Failure);
                return;
            }
            var inputs = _signature.Inputs;
            _writer.Line($"var {SizeText.Axis(samples.BatchAxis)} = chosen.Length;");
            if (samples.Others.Count > 0) _writer.Line("var first = data[chosen[0]];");
            foreach (var (axis, input, divisor) in samples.Others)
            {
                _writer.Line($"var {SizeText.Axis(axis)} = first.{inputs[input].Member}.Length{(divisor.IsOne ? "" : " / " + SizeText.Print(divisor))};");
            }
            foreach (var (axis, input, _) in samples.Others)
            {
                if (_signature.NotEmpty(axis) is not { } condition) continue;
                _writer.Line($"if (first.{inputs[input].Member}.Length == 0) throw Signature.SampleEmpty({CSharpNames.Literal(inputs[input].Tensor.Name)}, chosen[0], {CSharpNames.Literal(condition)});");
            }
            foreach (var input in inputs)
            {
                _writer.Line($"var {input.Name} = {Field(input)} ??= {input.New};");
                _writer.Line($"{input.Name}.Resize({input.Sizes});");
            }
            using (_writer.Block("for (var i = 0; i < chosen.Length; i++)"))
            {
                _writer.Line("var sample = data[chosen[i]];");
                foreach (var input in inputs)
                {
                    if (IsNumber(input))
                    {
                        _writer.Line($"{input.Name}.Span[i] = sample.{input.Member};");
                        continue;
                    }
                    var length = SizeText.Print(SampleShape.Length(input.Tensor));
                    _writer.Line($"if (sample.{input.Member}.Length != {length}) throw Signature.SampleLength({CSharpNames.Literal(input.Tensor.Name)}, chosen[i], sample.{input.Member}.Length, {length});");
                    _writer.Line($"sample.{input.Member}.Span.CopyTo({input.Name}.Slice(i));");
                }
            }
            _writer.Line($"return new MiniBatch({string.Join(", ", inputs.Select(input => input.Name))});");
        }
    }

    private void PrintMeasure(SampleShape samples)
    {
        _writer.Line();
        _writer.Line("/// <inheritdoc/>");
        using (_writer.Block("protected override void MeasureSamples(nint* sizes, nint* bytes)"))
        {
            foreach (var (axis, _, _) in samples.Others) _writer.Line($"var {SizeText.Axis(axis)} = sizes[{NumberText.Integer(_train.RuntimeAxes.ToList().IndexOf(axis))}];");
            for (var i = 0; i < _signature.Inputs.Count; i++)
            {
                var input = _signature.Inputs[i];
                _writer.Line($"bytes[{NumberText.Integer(i)}] = sizeof({input.Element}) * {SizeText.Factor(SampleShape.Length(input.Tensor))};");
            }
        }
    }
}
