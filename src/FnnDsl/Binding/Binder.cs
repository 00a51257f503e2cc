using System.Text.RegularExpressions;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Outlines;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>What binding a declaration gave.</summary>
/// <param name="Result">Null when there are errors.</param>
/// <param name="Signature">With errors: what is known from the signature alone, with empty graphs; null when that is wrong too.</param>
public sealed record BindResult<T>(T? Result, T? Signature, EquatableArray<Diagnostic> Diagnostics) where T : class
{
    /// <summary>Whether there was nothing to say, also nothing that follows from a syntax error elsewhere.</summary>
    internal bool IsClean { get; init; }
}

/// <summary>
/// From syntax to models and trainings whose every name, type and axis is known: abstract interpretation of the bodies, with config known and run-time
/// axes symbolic.
/// </summary>
public static class Binder
{
    /// <summary>The table of all declarations. Duplicates, also in config, and dims without a value are reported in it.</summary>
    /// <param name="rootNamespace">The namespace of files that name none.</param>
    public static ModuleScope Collect(IReadOnlyList<FileSyntax> files, string rootNamespace = "")
    {
        var diagnostics = new DiagnosticBag();
        var library = new Dictionary<string, Symbol>(StringComparer.Ordinal);
        foreach (var file in Library.Files)
        {
            foreach (var symbol in file.Declarations.Select(declaration => SymbolOf("", declaration, file.Source, true))) library[symbol.Key] = symbol;
        }
        var user = new Dictionary<DeclarationName, Symbol>();
        var clashing = new HashSet<Symbol>();
        foreach (var file in files)
        {
            var space = file.Namespace ?? rootNamespace;
            foreach (var declaration in file.Declarations)
            {
                var symbol = SymbolOf(space, declaration, file.Source, false);
                var name = new DeclarationName(space, symbol.Key);
                if (user.TryGetValue(name, out var first))
                {
                    diagnostics.Report(DiagnosticTable.DuplicateDeclaration, symbol.Location, null, EquatableArray<Label>.Own(new Label(first.Location, "the first")), symbol.Name,
                        space.Length == 0 ? "(none)" : space);
                    continue;
                }
                user.Add(name, symbol);
                var config = symbol switch { CallableSymbol callable => callable.Declaration.Config, TrainSymbol train => train.Declaration.Config, _ => null } ?? default;
                foreach (var twice in config.Where((parameter, k) => config.Take(k).Any(other => other.Name.Text == parameter.Name.Text)))
                    diagnostics.Report(DiagnosticTable.ParameterTwice, new Location(file.Source, twice.Name.Span), twice.Name.Text);
                var isKnown = library.ContainsKey(symbol.Name) || BuiltIns.IsFunction(symbol.Name);
                if (IsClass(symbol) && (symbol is GenerateSymbol ? RuntimeNames.IsTakenFromGenerates(symbol.Name) : RuntimeNames.Contains(symbol.Name)))
                {
                    diagnostics.Report(DiagnosticTable.NameOfRuntime, symbol.Location, $"another name, such as '{(symbol is TrainSymbol or TrainMemberSymbol ? "Fit" : "My")}{symbol.Name}'", default, symbol.Name);
                    clashing.Add(symbol);
                }
                // Families are made to be imitated, and their names are whole networks': nothing in the library's place is used by mistake.
                var isModel = symbol is CallableSymbol { Kind: CallableKind.Model } && library.TryGetValue(symbol.Name, out var hidden) && hidden is CallableSymbol { Kind: CallableKind.Model };
                if (isKnown && symbol is CallableSymbol && !isModel) diagnostics.Report(DiagnosticTable.HidesLibrary, symbol.Location, symbol.Name);
            }
        }

        ReportAxisClashes(user.Values, diagnostics, clashing);

        var values = new Dictionary<DeclarationName, DimValue?>();
        var scope = new ModuleScope(user, library, values, default);
        var evaluator = new DimEvaluator(scope.Find, diagnostics);
        foreach (var dim in library.Values.OfType<DimSymbol>()) values[new("", dim.Name)] = evaluator.ValueOf(dim);
        foreach (var dim in user.Values.OfType<DimSymbol>()) values[new(dim.Namespace, dim.Name)] = evaluator.ValueOf(dim);
        var result = new ModuleScope(user, library, values, diagnostics.ToArray()) { RootNamespace = rootNamespace };
        result.Clashing.UnionWith(clashing);
        foreach (var file in files) NoteSyntaxErrors(file, result, user.Values);
        return result;
    }

    /// <summary>Models, trainings and generates become C# classes.</summary>
    private static bool IsClass(Symbol symbol) => symbol is TrainSymbol or GenerateSymbol or MemberSymbol or CallableSymbol { Kind: CallableKind.Model };

    /// <summary>Axes become C# types too: <c>dim pixels</c> and a model <c>Pixels</c> would be two types of one name.</summary>
    private static void ReportAxisClashes(IEnumerable<Symbol> symbols, DiagnosticBag diagnostics, HashSet<Symbol> clashing)
    {
        foreach (var space in symbols.GroupBy(symbol => symbol.Namespace))
        {
            var axes = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var name in space.SelectMany(AxisNames)) axes[TypeName(name)] = name;
            foreach (var symbol in space.Where(symbol => IsClass(symbol) || symbol is PipelineSymbol))
            {
                if (!axes.TryGetValue(ClassName(symbol), out var axis)) continue;
                diagnostics.Report(DiagnosticTable.NameOfAxisType, symbol.Location, "give one of them another name", default, ClassName(symbol), axis);
                clashing.Add(symbol);
            }
            foreach (var pipeline in space.OfType<PipelineSymbol>())
            {
                if (space.FirstOrDefault(symbol => IsClass(symbol) && symbol.Name == ClassName(pipeline)) is not { } other) continue;
                diagnostics.Report(DiagnosticTable.DuplicateDeclaration, pipeline.Location, "another name: the class of a pipeline is called after it, with Pipeline behind", EquatableArray<Label>.Own(new Label(other.Location, "the first")),
                    other.Name, space.Key.Length == 0 ? "(none)" : space.Key);
                clashing.Add(pipeline);
            }
            var names = space.ToDictionary(symbol => symbol.Key, StringComparer.Ordinal);
            foreach (var symbol in space.Where(IsClass))
            {
                if (ProgramName.Match(symbol.Name) is not { Success: true } program || !names.TryGetValue(program.Groups[1].Value, out var owner) || !HasProgram(owner, program.Groups[2].Value)) continue;
                diagnostics.Report(DiagnosticTable.NameOfRuntime, symbol.Location, "another name", EquatableArray<Label>.Own(new Label(owner.Location, $"its program has the class {symbol.Name}")), symbol.Name);
                clashing.Add(symbol);
            }
        }
    }

    private static readonly Regex ProgramName = new("^(.*)_([A-Z][a-z]+)[0-9]*(?:Gpu)?$", RegexOptions.CultureInvariant);

    /// <summary>Whether a declaration has a program of this name, whose class is called after both.</summary>
    private static bool HasProgram(Symbol owner, string program) => owner switch
    {
        TrainSymbol or TrainMemberSymbol => program is "Step" or "Evaluation",
        GenerateSymbol => program is "Program" or "First" or "Step" or "Again" or "Last",
        PipelineSymbol => program is "Answers",
        _ => IsClass(owner) && program is "Inference" or "Training" or "Stream",
    };

    private static string ClassName(Symbol symbol) => symbol is PipelineSymbol ? symbol.Name + "Pipeline" : symbol.Name;

    private static IEnumerable<string> AxisNames(Symbol symbol) => symbol switch
    {
        DimSymbol dim => [dim.Name],
        TrainSymbol train => train.Declaration.Inputs.SelectMany(input => AxisNames(input.Type)),
        GenerateSymbol generate => generate.Declaration.Program.Parameters.Select(parameter => parameter.Type).Concat(generate.Declaration.Program.Results.Select(result => result.Type)).SelectMany(AxisNames),
        CallableSymbol { Kind: CallableKind.Model } model => model.Declaration.Parameters.Select(parameter => parameter.Type)
            .Concat(model.Declaration.Results.Select(result => result.Type)).SelectMany(AxisNames),
        _ => [],
    };

    private static IEnumerable<string> AxisNames(TypeSyntax type) =>
        (type.Axes ?? default).OfType<SizeAxis>().Select(axis => axis.Size).OfType<NameExpression>().Select(name => name.Name);

    /// <summary><c>batch_size</c> → <c>BatchSize</c></summary>
    internal static string TypeName(string axis) => string.Concat(axis.Split('_').Where(part => part.Length > 0).Select(part => char.ToUpperInvariant(part[0]) + part.Substring(1)));

    private static void NoteSyntaxErrors(FileSyntax file, ModuleScope scope, IEnumerable<Symbol> symbols)
    {
        var errors = file.Diagnostics.Where(diagnostic => diagnostic.Severity == Severity.Error).Select(diagnostic => diagnostic.Location.Span.Start).ToArray();
        if (errors.Length == 0) return;
        var own = symbols.Where(symbol => symbol.Source == file.Source).ToArray();
        foreach (var symbol in own)
        {
            var span = symbol.Syntax.Span;
            if (errors.Any(start => start >= span.Start && start <= span.End)) scope.Incomplete.Add(symbol);
        }
        // Whatever looks like a declaration's name and is none.
        foreach (Match match in DeclarationName.Matches(file.Source.Text))
        {
            var name = match.Groups[1].Value;
            if (own.All(symbol => symbol.Name != name)) scope.LostNames.Add(name);
        }
    }

    private static readonly Regex DeclarationName = new(@"\b(?:dim|fn|layer|model|train|const|generate|pipeline|checkpoint|,)\s+([A-Za-z_][A-Za-z0-9_]*)", RegexOptions.CultureInvariant);

    /// <summary>Binds a model, or a member of a family.</summary>
    /// <exception cref="ArgumentException">There is no such model.</exception>
    public static BindResult<BoundModel> BindModel(ModuleScope scope, string ns, string name)
    {
        if (scope.FindExactly(ns, name) is not { } symbol || symbol is not (CallableSymbol { Kind: CallableKind.Model } or ModelMemberSymbol))
        {
            throw new ArgumentException($"There is no model '{name}' in namespace '{ns}'.", nameof(name));
        }
        var bound = scope.Bound(symbol);
        var diagnostics = new DiagnosticBag();
        diagnostics.AddRange(bound.Diagnostics);
        return Result(scope, symbol, bound.Result, bound.Signature, diagnostics);
    }

    /// <summary>Other projects' names of a model's weights.</summary>
    public static EquatableArray<BoundCheckpoint> CheckpointsOf(ModuleScope scope, string ns, string name) =>
        scope.FindExactly(ns, name) is { } symbol ? CheckpointBinder.Of(scope, symbol, scope.Bound(symbol).Storage) : default;

    /// <summary>The same of a model with errors: the names by which C# knows them.</summary>
    public static EquatableArray<BoundCheckpoint> CheckpointNamesOf(ModuleScope scope, string ns, string name) => scope.FindExactly(ns, name) is { } symbol ? CheckpointBinder.NamesOf(scope, symbol) : default;

    /// <summary>What computes what in a model, as its author sees it; null for a model with errors.</summary>
    /// <exception cref="ArgumentException">There is no such model.</exception>
    public static Outline? OutlineModel(ModuleScope scope, string ns, string name)
    {
        if (scope.FindExactly(ns, name) is not { } symbol || symbol is not (CallableSymbol { Kind: CallableKind.Model } or ModelMemberSymbol))
        {
            throw new ArgumentException($"There is no model '{name}' in namespace '{ns}'.", nameof(name));
        }
        var diagnostics = new DiagnosticBag();
        var outline = new ModelBinder(scope, diagnostics).Outline(symbol);
        return diagnostics.HasErrors ? null : outline;
    }

    /// <summary>Binds a training, or a member of a family of them.</summary>
    /// <exception cref="ArgumentException">There is no such training.</exception>
    public static BindResult<BoundTrain> BindTrain(ModuleScope scope, string ns, string name)
    {
        if (scope.FindExactly(ns, name) is not { } symbol || symbol is not TrainMemberSymbol && !(symbol is TrainSymbol train && !scope.IsFamily(train)))
        {
            throw new ArgumentException($"There is no train '{name}' in namespace '{ns}'.", nameof(name));
        }
        var diagnostics = new DiagnosticBag();
        var (result, signature) = TrainInstance.Of(scope, diagnostics, symbol) is { } instance ? new TrainBinder(scope, diagnostics, instance).Bind()
            : (null, TrainInstance.Meant(scope, symbol) is { } meant ? new TrainBinder(scope, new DiagnosticBag(), meant).BindSignature() : null);
        return Result(scope, symbol, result, signature, diagnostics);
    }

    /// <summary>What the members of a family of trainings have in common; null where its head has errors, which <see cref="CheckUninstantiated"/> reports.</summary>
    /// <exception cref="ArgumentException">There is no such family.</exception>
    public static BoundTrainFamily? BindTrainFamily(ModuleScope scope, string ns, string name) =>
        scope.FindExactly(ns, name) is TrainSymbol family && scope.IsFamily(family) ? new TrainFamilyBinder(scope, new DiagnosticBag(), family).Bind()
            : throw new ArgumentException($"There is no family of trains '{name}' in namespace '{ns}'.", nameof(name));

    /// <summary>Binds a pipeline.</summary>
    /// <exception cref="ArgumentException">There is no such pipeline.</exception>
    public static BindResult<BoundPipeline> BindPipeline(ModuleScope scope, string ns, string name)
    {
        if (scope.FindExactly(ns, name) is not PipelineSymbol symbol) throw new ArgumentException($"There is no pipeline '{name}' in namespace '{ns}'.", nameof(name));
        var diagnostics = new DiagnosticBag();
        var (result, signature) = new PipelineBinder(scope, diagnostics, symbol).Bind();
        return Result(scope, symbol, result, signature, diagnostics);
    }

    /// <summary>Binds a generate.</summary>
    /// <exception cref="ArgumentException">There is no such generate.</exception>
    public static BindResult<BoundGenerate> BindGenerate(ModuleScope scope, string ns, string name)
    {
        if (scope.FindExactly(ns, name) is not GenerateSymbol symbol) throw new ArgumentException($"There is no generate '{name}' in namespace '{ns}'.", nameof(name));
        var diagnostics = new DiagnosticBag();
        var (result, signature) = new GenerateBinder(scope, diagnostics, symbol).Bind();
        return Result(scope, symbol, result, signature, diagnostics);
    }

    // What follows from a syntax error is left out: in declarations that have one, and of names that one kept from being declared.
    private static BindResult<T> Result<T>(ModuleScope scope, Symbol symbol, T? result, T? signature, DiagnosticBag diagnostics) where T : class
    {
        var isWhole = !diagnostics.HasErrors && !scope.ReachesIncomplete(symbol);
        // A misspelt name is an error; that the right one is unused follows from it.
        if (isWhole) UnusedNames.Check(symbol, diagnostics);
        return new BindResult<T>(isWhole ? result : null, signature, scope.WithoutFollowers(diagnostics.ToArray())) { IsClean = diagnostics.Count == 0 };
    }

    /// <summary>
    /// What is wrong in layers, fns and families of the user that nothing compiled by itself reaches: each is checked with symbolic axes and config. Of those
    /// that something reaches only wrong names are told, which no call can change: the calls themselves may not have come so far.
    /// </summary>
    public static EquatableArray<Diagnostic> CheckUninstantiated(ModuleScope scope)
    {
        var reached = new HashSet<Symbol>(DeclarationClosure.Reach(scope, scope.UserSymbols.Where(symbol => IsCompiled(scope, symbol))));
        var diagnostics = new DiagnosticBag();
        foreach (var symbol in CheckedAlone(scope)) CheckAlone(scope, symbol, reached.Contains(symbol), diagnostics);
        return scope.WithoutFollowers(diagnostics.ToArray());
    }

    /// <summary>Whether a declaration is compiled by itself, with what it reaches.</summary>
    internal static bool IsCompiled(ModuleScope scope, Symbol symbol) =>
        symbol is GenerateSymbol or PipelineSymbol or MemberSymbol or CallableSymbol { Kind: CallableKind.Model, IsFamily: false } || (symbol is TrainSymbol train && !scope.IsFamily(train));

    /// <summary>The declarations that <see cref="CheckUninstantiated"/> looks at.</summary>
    internal static IEnumerable<Symbol> CheckedAlone(ModuleScope scope) =>
        scope.UserSymbols.Where(symbol => symbol is CallableSymbol or TrainSymbol && !IsCompiled(scope, symbol))
            .Concat(scope.UserSymbols.Where(symbol => symbol is CheckpointSymbol))
            .Concat(scope.UserSymbols.OfType<ConstSymbol>());

    /// <param name="isReached">Whether something that is compiled by itself reaches it.</param>
    internal static void CheckAlone(ModuleScope scope, Symbol symbol, bool isReached, DiagnosticBag diagnostics)
    {
        if (symbol is not (CallableSymbol or TrainSymbol))
        {
            // Each in a bag of its own: whether it is right decides what else is said of it.
            var own = new DiagnosticBag();
            if (symbol is ConstSymbol constant && !scope.Incomplete.Contains(symbol)) new ModelBinder(scope, own).CheckAlone(constant);
            if (symbol is CheckpointSymbol checkpoint && !scope.ReachesIncomplete(symbol)) new CheckpointBinder(scope, own, checkpoint).Check();
            diagnostics.AddRange(own.ToArray());
            return;
        }
        if (symbol is TrainSymbol family)
        {
            var binder = new TrainFamilyBinder(scope, diagnostics, family);
            binder.CheckHead();
            if (!isReached) binder.CheckAlone();
            if (!scope.MembersOf(family).Any()) diagnostics.Report(DiagnosticTable.FamilyWithoutMembers, family.Location, binder.MemberFix(), default, family.Name);
        }
        else if (!isReached) new ModelBinder(scope, diagnostics).CheckAlone((CallableSymbol)symbol);
        if (isReached) diagnostics.AddRange(scope.ErrorsAlone(symbol).Where(error => error.Row == DiagnosticTable.UnknownName && error.Location.Source == symbol.Source));
        if (scope.ErrorsAlone(symbol).Count == 0 && !scope.Incomplete.Contains(symbol)) UnusedNames.Check(symbol, diagnostics);
    }

    /// <summary>
    /// The texts of a declaration and of everything it can reach by name: two closures with equal texts bind to equal results, up to places in the source.
    /// </summary>
    public static string Closure(ModuleScope scope, string ns, string name) =>
        scope.FindExactly(ns, name) is { } symbol ? DeclarationClosure.TextOf(scope, symbol) : "";

    private static Symbol SymbolOf(string space, Declaration declaration, SourceText source, bool isLibrary) => declaration switch
    {
        CallableDeclaration callable => new CallableSymbol(space, callable, source, isLibrary),
        MemberDeclaration { Kind: FamilyKind.Train } member => new TrainMemberSymbol(space, member, source),
        MemberDeclaration member => new ModelMemberSymbol(space, member, source),
        TrainDeclaration train => new TrainSymbol(space, train, source),
        ConstDeclaration constant => new ConstSymbol(space, constant, source, isLibrary),
        GenerateDeclaration generate => new GenerateSymbol(space, generate, source),
        PipelineDeclaration pipeline => new PipelineSymbol(space, pipeline, source),
        CheckpointDeclaration checkpoint => new CheckpointSymbol(space, checkpoint, source, isLibrary),
        DimDeclaration dim => new DimSymbol(space, dim, source, isLibrary),
        _ => throw new ArgumentException($"Unknown declaration {declaration.GetType().Name}.", nameof(declaration)),
    };
}
