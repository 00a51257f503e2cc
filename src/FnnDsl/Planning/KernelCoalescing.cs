using FeedbackNN.Dsl.Planning.Windows;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>
/// Joins loop axes that every access walks through as one: a kernel over contiguous tensors becomes a single loop, whatever their rank. Of a copy that reads across memory, the row axis along which it reads comes last.
/// </summary>
internal static class KernelCoalescing
{
    /// <summary>Elements of an axis that are worth going along.</summary>
    private const long FewestNeighbours = 8;

    public static Kernel Run(Kernel kernel)
    {
        kernel = DropSingleRows(kernel);
        var reduced = kernel.ReducedRows;
        for (var axis = kernel.Rows.Count - 2; axis >= 0; axis--)
        {
            // The border between kept and summed rows stays.
            if (reduced > 0 && axis == kernel.Rows.Count - 1 - reduced) continue;
            if (!All(kernel, (rows, _) => rows[axis] == rows[axis + 1] * kernel.Rows[axis + 1] || (rows[axis].IsZero && rows[axis + 1].IsZero))) continue;
            if (reduced > 0 && axis > kernel.Rows.Count - 1 - reduced) reduced--;
            kernel = JoinRows(kernel, axis, reduced);
        }
        var isElementwise = kernel.Form == KernelForm.Rows && reduced == 0
            && kernel.Values.All(value => value is not (ReduceValue or ArgReduceValue));
        if (isElementwise)
        {
            if (kernel.Columns.IsOne && kernel.Rows.Count > 0) kernel = RowsAsColumns(kernel);
            while (kernel.Rows.Count > 0 && All(kernel, (rows, column) => rows[rows.Count - 1] == column * kernel.Columns)) kernel = JoinColumns(kernel);
            if (kernel.Rows.Count == 0) kernel = kernel with { Form = KernelForm.Map };
        }
        return IsAcrossMemory(kernel) ? AlongWhatIsRead(kernel) : kernel;
    }

    private static bool IsAcrossMemory(Kernel kernel) =>
        kernel is { Form: KernelForm.Rows, Rows.Count: > 0, Values.Count: 1, Stores.Count: 1 } && kernel.Values[0] is LoadValue { Level: Level.Column } load && load.Access.ColumnStride is { IsOne: false, IsZero: false }
        && kernel.Stores[0] is { ColumnReduction: null, Adds: false, Access.ColumnStride.IsZero: false };

    private static Kernel AlongWhatIsRead(Kernel kernel)
    {
        var strides = ((LoadValue)kernel.Values[0]).Access.RowStrides;
        var axes = Enumerable.Range(0, kernel.Rows.Count).Where(axis => !strides[axis].IsZero).ToArray();
        if (axes.Length == 0) return kernel;
        var along = axes.OrderBy(axis => WindowMap.Weight(kernel.Rows[axis]) >= FewestNeighbours ? 0 : 1).ThenBy(axis => WindowMap.Weight(strides[axis])).First();
        return Map(kernel with { Rows = Moved(kernel.Rows), IsTransposition = true }, Moved, 0);

        EquatableArray<Size> Moved(EquatableArray<Size> rows) => rows.Where((_, axis) => axis != along).Append(rows[along]).ToEquatableArray();
    }

    private static bool All(Kernel kernel, Func<EquatableArray<Size>, Size, bool> test) =>
        kernel.Stores.All(store => test(store.Access.RowStrides, store.Access.ColumnStride)) && kernel.Values.All(value => value switch
        {
            LoadValue load => test(load.Access.RowStrides, load.Access.ColumnStride),
            IndexValue index => test(index.RowCoefficients, index.ColumnCoefficient),
            RandomValue random => test(random.RowCoefficients, random.ColumnCoefficient),
            _ => true,
        });

    /// <summary>An axis of size 1 is no loop.</summary>
    private static Kernel DropSingleRows(Kernel kernel)
    {
        for (var axis = kernel.Rows.Count - 1; axis >= 0; axis--)
        {
            if (!kernel.Rows[axis].IsOne) continue;
            var reduced = kernel.ReducedRows;
            // A column reduction keeps at least one axis to sum over.
            if (reduced > 0 && axis >= kernel.Rows.Count - reduced && --reduced == 0) continue;
            kernel = Map(kernel with { Rows = Without(kernel.Rows, axis) }, rows => Without(rows, axis), reduced);
        }
        return kernel;
    }

    private static EquatableArray<Size> Without(EquatableArray<Size> sizes, int axis) => sizes.Where((_, k) => k != axis).ToEquatableArray();

    /// <summary>A single column is no vector: the last row axis takes its place.</summary>
    private static Kernel RowsAsColumns(Kernel kernel)
    {
        var last = kernel.Rows.Count - 1;
        var levels = new List<Level>();
        var values = new List<KernelValue>();
        foreach (var value in kernel.Values)
        {
            KernelValue moved = value switch
            {
                LoadValue load => load with { Access = Turn(load.Access), Level = LevelOf(load.Access.RowStrides) },
                IndexValue index => index with { RowCoefficients = Without(index.RowCoefficients, last), ColumnCoefficient = index.RowCoefficients[last], Level = LevelOf(index.RowCoefficients) },
                RandomValue random => random with { RowCoefficients = Without(random.RowCoefficients, last), ColumnCoefficient = random.RowCoefficients[last], Level = LevelOf(random.RowCoefficients) },
                ApplyValue apply => apply with { Level = apply.Inputs.Count == 0 ? Level.Kernel : apply.Inputs.Max(id => levels[id]) },
                ConvertValue convert => convert with { Level = levels[convert.Input] },
                _ => value,
            };
            values.Add(moved);
            levels.Add(moved.Level);
        }
        return kernel with
        {
            Rows = Without(kernel.Rows, last),
            Columns = kernel.Rows[last],
            Values = values.ToEquatableArray(),
            Stores = kernel.Stores.Select(store => store with { Access = Turn(store.Access) }).ToEquatableArray(),
        };

        Access Turn(Access access) => access with { RowStrides = Without(access.RowStrides, last), ColumnStride = access.RowStrides[last] };

        Level LevelOf(EquatableArray<Size> rows) => !rows[last].IsZero ? Level.Column : rows.Any(size => !size.IsZero) ? Level.Row : Level.Kernel;
    }

    private static Kernel JoinRows(Kernel kernel, int axis, int reduced) => Map(
        kernel with { Rows = kernel.Rows.Select((size, k) => k == axis ? size * kernel.Rows[axis + 1] : size).Where((_, k) => k != axis + 1).ToEquatableArray() },
        rows => rows.Where((_, k) => k != axis).ToEquatableArray(), reduced);

    private static Kernel JoinColumns(Kernel kernel)
    {
        var last = kernel.Rows.Count - 1;
        return Map(
            kernel with { Rows = kernel.Rows.Take(last).ToEquatableArray(), Columns = kernel.Columns * kernel.Rows[last] },
            rows => rows.Take(last).ToEquatableArray(), 0);
    }

    /// <summary>Applies a change of row strides to every access. (Levels stay: a value per column stays one.)</summary>
    private static Kernel Map(Kernel kernel, Func<EquatableArray<Size>, EquatableArray<Size>> change, int reduced) => kernel with
    {
        Values = kernel.Values.Select(value => value switch
        {
            LoadValue load => load with { Access = load.Access with { RowStrides = change(load.Access.RowStrides) } },
            IndexValue index => index with { RowCoefficients = change(index.RowCoefficients) },
            RandomValue random => random with { RowCoefficients = change(random.RowCoefficients) },
            _ => value,
        }).ToEquatableArray(),
        Stores = kernel.Stores.Select(store => store with
        {
            Access = store.Access with { RowStrides = change(store.Access.RowStrides) },
            ReducedRows = store.ColumnReduction is null ? 0 : reduced,
        }).ToEquatableArray(),
    };
}
