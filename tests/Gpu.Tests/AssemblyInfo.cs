// One device, emulated on the cores that the tests run on: they go one after the other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
