import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.DslContext
import jetbrains.buildServer.configs.kotlin.buildSteps.script
import jetbrains.buildServer.configs.kotlin.project
import jetbrains.buildServer.configs.kotlin.version

version = "2024.12"

project {
    buildType(Test)
}

object Test : BuildType({
    name = "Test"
    artifactRules = ".xray => xray.zip"

    vcs {
        root(DslContext.settingsRoot)
    }

    params {
        // The ids are those of tokens that TeamCity has made for the secrets.
        password("env.XRAY_TOKEN", "credentialsJSON:id-of-XRAY_TOKEN")
        param("env.XRAY_URL", "https://jira.example.com")
        param("env.XRAY_PROJECT", "CALC")
        // Set by the first step.
        param("env.XRAY_TEST_EXECS", "")
    }

    steps {
        script {
            name = "Test"
            dockerImage = "python:3.13"
            scriptContent = """
                pip install 'xray-bridge[pytest] @ git+https://git.example.com/xray-bridge'
                pytest --xray-upload
            """.trimIndent()
        }
        script {
            name = "The Test Execution"
            scriptContent = "echo %env.XRAY_TEST_EXECS%"
        }
    }
})
