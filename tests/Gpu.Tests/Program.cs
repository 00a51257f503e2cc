using FeedbackNN.Gpu.Tests;
using FeedbackNN.Gpu.Tests.Stub;

// The assembly as a program: what a test starts in a process of its own.
switch (args)
{
    case [EmulationTests.Argument]:
        EmulationTests.TrainOnTheEmulation();
        break;
    case [StubDriver.Argument, .. var names]:
        StubDriver.RunScenarios(names);
        break;
    case ["emulator", var folder]:
        // For any process whose LD_LIBRARY_PATH has the folder.
        StubLibraries.CompileEmulator(folder);
        break;
    default:
        Console.Error.WriteLine("Run the tests with `dotnet test`.");
        return 1;
}

return 0;
